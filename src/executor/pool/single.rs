//! Hosts that take one session at a time (`netplay_single_session`).

use super::{Key, Pool, Slot};
use crate::failure::{Failure, FailureKind};
use crate::module::{Action, Work};
use crate::transport::Target;
use std::sync::Arc;

impl Pool {
    /// Where a host takes one session at a time: waits until nobody uses it, and closes what is open in another way.
    pub(super) async fn only_session(&self, key: &Key, target: &Target) -> Option<tokio::sync::OwnedMutexGuard<()>> {
        if !target.terminal.is_single {
            return None;
        }
        let turn = {
            let mut single = self.single.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            Arc::clone(single.entry(key.host.clone()).or_default())
        };
        let turn = turn.lock_owned().await;
        let others: Vec<Arc<Slot>> = {
            let mut open = self.lock();
            let slots = open.get_mut(&key.host).map(|slots| slots.extract_if(|how, _| *how != key.how));
            slots.into_iter().flatten().map(|(_, slot)| slot).collect()
        };
        for connection in others.iter().filter_map(|slot| slot.connection()) {
            connection.close().await;
        }
        Some(turn)
    }
}

/// Refuses a change that lasts as long as its session, where nobody could look at it over another one.
pub(super) fn check_hold(target: &Target, action: &Action) -> Result<(), Failure> {
    let Work::Cli(cli) = &action.work else { return Ok(()) };
    let confirm = target.platform.and_then(|platform| platform.confirm_within.as_ref());
    let is_bound = cli.commit.within.is_some() && confirm.is_some_and(|confirm| confirm.holds_session);
    if !(target.terminal.is_single && is_bound) {
        return Ok(());
    }
    let message = format!(
        "`{}` takes one session at a time (`netplay_single_session`), and its change would last as long as the session: it \
         cannot be verified over a fresh one",
        target.host
    );
    Err(Failure::new(FailureKind::Argument, message).help("nothing was sent; leave `confirm_within` out"))
}
