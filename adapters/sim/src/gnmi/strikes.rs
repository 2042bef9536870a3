//! Faults that meet an RPC, or the opening of a connection.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tonic::Status;

use super::status::{of_tag, status};
use crate::{
    device::{Cut, Device},
    fault::{self, Action, Moment, Strike},
};

/// What goes wrong with the request at hand, and what else can end it.
#[derive(Debug)]
pub(super) struct Strikes {
    device: Arc<Device>,
    cut: watch::Receiver<Cut>,
    set: Vec<Strike>,
}

/// Why it does not go on.
#[derive(Debug)]
pub(super) enum Struck {
    /// The connection breaks, if it has not already.
    Broken,
    /// The answer is this one.
    Refused(Status),
}

impl From<Status> for Struck {
    fn from(status: Status) -> Self {
        Self::Refused(status)
    }
}

impl Strikes {
    /// `cut` was taken before anything could have been cut.
    pub(super) fn new(device: Arc<Device>, cut: watch::Receiver<Cut>, set: Vec<Strike>) -> Self {
        Self { device, cut, set }
    }

    /// Lets the faults of this moment happen.
    pub(super) async fn strike(&mut self, moment: Moment) -> Result<(), Struck> {
        let strikes: Vec<_> = self.set.iter().filter(|strike| strike.moment == moment).cloned().collect();
        let mut refused = Ok(());
        for strike in strikes {
            match strike.action {
                Action::DropConnection => return Err(Struck::Broken),
                Action::Hold => self.hold(&strike).await?,
                Action::Refuse { tag, message } => refused = Err(Struck::Refused(status(of_tag(tag), message))),
                Action::Status { code, message } => refused = Err(Struck::Refused(status(code, message))),
                Action::DelayReply(delay) => self.pause(delay).await?,
                Action::Ignore | Action::Twist | Action::Half | Action::Part => {}
                Action::Reboot => {
                    self.device.reboot();
                    return Err(Struck::Broken);
                }
                Action::Stop => {
                    self.device.stop();
                    return Err(Struck::Broken);
                }
            }
        }
        refused
    }

    /// Whether one of them does this, at this moment.
    pub(super) fn any(&self, moment: Moment, action: &Action) -> bool {
        fault::any(&self.set, moment, action)
    }

    /// Waits, unless the switch reboots or stops meanwhile.
    pub(super) async fn pause(&mut self, time: Duration) -> Result<(), Struck> {
        self.or_cut(tokio::time::sleep(time)).await
    }

    /// Works, unless the switch reboots or stops meanwhile.
    pub(super) async fn or_cut<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Struck> {
        tokio::select! {
            biased;
            _ = self.cut.changed() => Err(Struck::Broken),
            done = work => Ok(done),
        }
    }

    async fn hold(&mut self, strike: &Strike) -> Result<(), Struck> {
        let mut pulse = self.device.pulse();
        self.device.change(|state| state.faults.reach(strike.id));
        while self.device.look().faults.holds(strike.id) {
            tokio::select! {
                biased;
                _ = self.cut.changed() => return Err(Struck::Broken),
                _ = pulse.changed() => {}
            }
        }
        Ok(())
    }
}
