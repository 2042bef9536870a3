//! What happens to every RPC, whatever it asks for: who asks is checked, it is
//! counted, and faults strike.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use secrecy::ExposeSecret;
use tokio::sync::watch;
use tonic::{Code, Status, metadata::MetadataMap};

use super::{
    connection::{Connection, Trust},
    status::{of_tag, status},
};
use crate::{
    device::{Cut, Device},
    fault::{Action, Moment, Strike},
};

/// One RPC being answered.
pub(super) struct Exchange {
    device: Arc<Device>,
    connection: Arc<Connection>,
    cut: watch::Receiver<Cut>,
    strikes: Vec<Strike>,
}

impl Exchange {
    /// Lets an RPC in. After this nothing stands between it and the switch.
    pub(super) async fn begin(
        device: Arc<Device>,
        connection: Arc<Connection>,
        metadata: &MetadataMap,
        operation: &'static str,
    ) -> Result<Self, Status> {
        let cut = device.cut();
        let alone = connection.running.fetch_add(1, Ordering::AcqRel) == 0;
        let mut exchange = Self { device, connection, cut, strikes: Vec::new() };
        authenticate(&exchange.device, exchange.connection.trust, metadata)?;
        exchange.strikes = exchange.device.change(|state| {
            state.counters.rpcs += 1;
            state.counters.flights += u64::from(alone);
            state.faults.meet(operation)
        });
        tracing::debug!(switch = exchange.device.options.name, operation);
        // RPCs that came with this one start before it ends.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        if !exchange.device.options.round_trip.is_zero() {
            exchange.pause(exchange.device.options.round_trip).await?;
        }
        exchange.strike(Moment::BeforeApply).await?;
        Ok(exchange)
    }

    /// Turns what the switch has done into what the client is told.
    pub(super) async fn end<T>(mut self, result: Result<T, Status>) -> Result<T, Status> {
        self.strike(Moment::AfterApply).await?;
        result
    }

    /// Ends when the switch reboots or stops, which leaves nobody to answer.
    pub(super) async fn or_cut<T>(&mut self, work: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
        tokio::select! {
            biased;
            _ = self.cut.changed() => Err(gone()),
            done = work => done,
        }
    }

    /// Lets the faults of this moment happen.
    async fn strike(&mut self, moment: Moment) -> Result<(), Status> {
        let strikes: Vec<_> = self.strikes.iter().filter(|strike| strike.moment == moment).cloned().collect();
        let mut refused = Ok(());
        for strike in strikes {
            match strike.action {
                Action::DropConnection => {
                    self.connection.break_off();
                    return Err(gone());
                }
                Action::Hold => self.hold(&strike).await?,
                Action::Refuse { tag, message } => refused = Err(status(of_tag(tag), message)),
                Action::Status { code, message } => refused = Err(status(code, message)),
                Action::DelayReply(delay) => self.pause(delay).await?,
                Action::Reboot => {
                    self.device.reboot();
                    return Err(gone());
                }
                Action::Stop => {
                    self.device.stop();
                    return Err(gone());
                }
            }
        }
        refused
    }

    async fn hold(&mut self, strike: &Strike) -> Result<(), Status> {
        let mut pulse = self.device.pulse();
        self.device.change(|state| state.faults.reach(strike.id));
        while self.device.look().faults.holds(strike.id) {
            tokio::select! {
                _ = pulse.changed() => {}
                _ = self.cut.changed() => return Err(gone()),
            }
        }
        Ok(())
    }

    async fn pause(&mut self, time: Duration) -> Result<(), Status> {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            _ = self.cut.changed() => Err(gone()),
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.connection.running.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What nobody will read: the connection is gone with it.
fn gone() -> Status {
    status(Code::Unavailable, "the connection is cut")
}

/// Username and password (gNMI section 3.1). Without them comes in who has
/// shown a certificate, or needs no login; but what is said has to be true.
fn authenticate(device: &Device, trust: Trust, metadata: &MetadataMap) -> Result<(), Status> {
    let given = |name| metadata.get(name).map(|value| value.to_str().unwrap_or_default());
    let options = &device.options;
    let password = options.password.as_ref().map(|password| password.expose_secret());
    let right = match (given("username"), given("password")) {
        (Some(username), Some(known)) => username == options.username && password == Some(known),
        (Some(username), None) => trust == Trust::Known && username == options.username,
        (None, None) => trust == Trust::Known,
        (None, Some(_)) => false,
    };
    if right { Ok(()) } else { Err(status(Code::Unauthenticated, "username or password is wrong")) }
}
