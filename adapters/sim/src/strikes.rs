//! Faults that meet a request of gNMI or RESTCONF, or the opening of a connection.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tonic::Code;

use crate::{
    device::{Cut, Device},
    fault::{self, Action, Moment, Strike},
    refusal::Tag,
};

/// What goes wrong with the request at hand, and what else can end it.
#[derive(Debug)]
pub(crate) struct Strikes {
    device: Arc<Device>,
    cut: watch::Receiver<Cut>,
    set: Vec<Strike>,
}

/// Why it does not go on.
#[derive(Debug)]
pub(crate) enum Struck<R> {
    /// The connection breaks, if it has not already.
    Broken,
    /// The answer is this one.
    Refused(R),
}

impl<R> From<R> for Struck<R> {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal)
    }
}

/// What a fault has a face answer, in whatever words that has.
#[derive(Debug)]
pub(crate) enum Denial {
    Tag(Tag, String),
    Status(Code, String),
}

impl Strikes {
    /// `cut` was taken before anything could have been cut.
    pub(crate) fn new(device: Arc<Device>, cut: watch::Receiver<Cut>, set: Vec<Strike>) -> Self {
        Self { device, cut, set }
    }

    /// Lets the faults of this moment happen.
    pub(crate) async fn strike<R: From<Denial>>(&mut self, moment: Moment) -> Result<(), Struck<R>> {
        let strikes: Vec<_> = self.set.iter().filter(|strike| strike.moment == moment).cloned().collect();
        let mut refused = Ok(());
        for strike in strikes {
            match strike.action {
                Action::DropConnection => return Err(Struck::Broken),
                Action::Hold => self.hold(&strike).await?,
                Action::Refuse { tag, message } => refused = Err(Struck::Refused(Denial::Tag(tag, message).into())),
                Action::Status { code, message } => {
                    refused = Err(Struck::Refused(Denial::Status(code, message).into()));
                }
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
    pub(crate) fn any(&self, moment: Moment, action: &Action) -> bool {
        fault::any(&self.set, moment, action)
    }

    /// Waits, unless the switch reboots or stops meanwhile.
    pub(crate) async fn pause<R>(&mut self, time: Duration) -> Result<(), Struck<R>> {
        self.or_cut(tokio::time::sleep(time)).await
    }

    /// Works, unless the switch reboots or stops meanwhile.
    pub(crate) async fn or_cut<T, R>(&mut self, work: impl Future<Output = T>) -> Result<T, Struck<R>> {
        tokio::select! {
            biased;
            _ = self.cut.changed() => Err(Struck::Broken),
            done = work => Ok(done),
        }
    }

    async fn hold<R>(&mut self, strike: &Strike) -> Result<(), Struck<R>> {
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
