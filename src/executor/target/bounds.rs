use super::Vars;
use crate::executor::limit::limit;
use crate::failure::Failure;
use crate::transport::Bounds;

impl Vars {
    /// Returns the bounds that a host or its groups have of their own.
    pub(super) fn bounds(&self) -> Result<Bounds, Failure> {
        Ok(Bounds {
            logins_per_address: self.bound("netplay_logins_per_address")?,
            logins_per_jump: self.bound("netplay_logins_per_jump")?,
            commands_per_connection: self.bound("netplay_commands_per_connection")?,
            http_per_origin: self.bound("netplay_http_per_origin")?,
        })
    }

    fn bound(&self, name: &str) -> Result<Option<usize>, Failure> {
        self.value(name)?.map(|value| limit(&value, name)).transpose()
    }
}
