//! Hosts whose platform is to be found out: once a run, by the first who needs one of them.

use super::{Open, Pool, Slot, key};
use crate::event::What;
use crate::failure::Failure;
use crate::phase::{self, Phase};
use crate::platform::{AUTO, Platform};
use crate::transport::{self, Limits, Target};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The platform of a host, once somebody has found it out.
pub(super) type Detected = Arc<OnceCell<&'static Platform>>;

impl Pool {
    /// Returns the target with the platform that the device is of, where that is to be found out. The session in which
    /// it was found goes on as the host's connection.
    pub async fn with_platform(&self, target: Arc<Target>, limits: &Limits) -> Result<Arc<Target>, Failure> {
        if target.platform.is_none_or(|platform| platform.name != AUTO) {
            return Ok(target);
        }
        let cell = {
            let mut detected = self.detected.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            Arc::clone(detected.entry(target.host.clone()).or_default())
        };
        let found =
            *phase::rest(Phase::Connect, cell.get_or_try_init(|| Box::pin(self.detect(&target, limits)))).await?;
        Ok(Arc::new(of_platform(&target, found)))
    }

    async fn detect(&self, target: &Arc<Target>, limits: &Limits) -> Result<&'static Platform, Failure> {
        let place = self.place(target, limits).await?;
        let (platform, connection) = transport::detect(target, &self.shared, limits).await?;
        if let Some(publisher) = &self.publisher {
            let message =
                format!("`{}` is a `{}`, as `ansible_network_os: auto` found out", target.host, platform.name);
            publisher.publish(What::Warning { message: publisher.clean(message), place: None });
        }
        if let Some(connection) = connection {
            let open = Open { connection: connection.into(), may_close: false, _place: place };
            let opened = Arc::new(Slot { open: OnceCell::new_with(Some(open)), ..Slot::default() });
            let key = key(&of_platform(target, platform));
            // Nobody has one of this platform yet: they wait for what is found out here.
            self.lock().entry(key.host).or_default().insert(key.how, opened);
        }
        Ok(platform)
    }
}

fn of_platform(target: &Target, platform: &'static Platform) -> Target {
    let mut target = Target { platform: Some(platform), ..target.clone() };
    if let (Some(user), Some(suffix)) = (&mut target.ssh.user, platform.username_suffix.as_deref())
        && !user.ends_with(suffix)
    {
        user.push_str(suffix);
    }
    target
}
