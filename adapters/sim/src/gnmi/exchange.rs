//! What happens to every RPC, whatever it asks for: who asks is checked, it is
//! counted, and faults strike.

use std::sync::{Arc, atomic::Ordering};

use secrecy::ExposeSecret;
use tonic::{Code, Status, metadata::MetadataMap};

use super::{
    connection::{Connection, Trust},
    status::{Struck, status},
};
use crate::{
    device::Device,
    fault::{Action, Moment},
    strikes::Strikes,
};

/// One RPC being answered.
pub(super) struct Exchange {
    strikes: Strikes,
    _running: Running,
}

impl Exchange {
    /// Lets an RPC in. After this nothing stands between it and the switch.
    pub(super) async fn begin(
        device: Arc<Device>,
        connection: Arc<Connection>,
        metadata: &MetadataMap,
        operation: &'static str,
    ) -> Result<Self, Struck> {
        let cut = device.cut();
        authenticate(&device, connection.trust, metadata)?;
        let (_running, alone) = Running::new(connection);
        let set = device.change(|state| {
            state.counters.rpcs += 1;
            state.counters.flights += u64::from(alone);
            state.faults.meet(operation)
        });
        tracing::debug!(switch = device.options.name, operation);
        let mut exchange = Self { strikes: Strikes::new(Arc::clone(&device), cut, set), _running };
        // RPCs that came with this one start before it ends.
        others_first().await;
        if !device.options.round_trip.is_zero() {
            exchange.strikes.pause(device.options.round_trip).await?;
        }
        exchange.strikes.strike(Moment::BeforeApply).await?;
        Ok(exchange)
    }

    /// Does what was asked, unless the switch reboots or stops meanwhile.
    pub(super) async fn work<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Struck> {
        self.strikes.or_cut(work).await
    }

    /// Whether a fault does this, at this moment.
    pub(super) fn any(&self, moment: Moment, action: &Action) -> bool {
        self.strikes.any(moment, action)
    }

    /// Turns what was done into what the client is told.
    pub(super) async fn end<T>(mut self, done: Result<T, Status>) -> Result<T, Struck> {
        self.strikes.strike(Moment::AfterApply).await?;
        Ok(done?)
    }
}

/// Lets what is ready to go on do so.
pub(super) async fn others_first() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

/// Counts an RPC among those of its connection.
struct Running(Arc<Connection>);

impl Running {
    /// Says also whether there was no other.
    fn new(connection: Arc<Connection>) -> (Self, bool) {
        let alone = connection.running.fetch_add(1, Ordering::AcqRel) == 0;
        (Self(connection), alone)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Username and password (gNMI section 3.1). Without them comes in who has
/// shown a certificate, or needs no login; but what is said has to be true.
fn authenticate(device: &Device, trust: Trust, metadata: &MetadataMap) -> Result<(), Status> {
    let given = |name| metadata.get(name).map(|value| value.to_str().unwrap_or_default());
    let options = &device.options;
    let password = options.password.as_ref().map(ExposeSecret::expose_secret);
    let right = match (given("username"), given("password")) {
        (Some(username), Some(known)) => username == options.username && password == Some(known),
        (Some(username), None) => trust == Trust::Known && username == options.username,
        (None, None) => trust == Trust::Known,
        (None, Some(_)) => false,
    };
    if right { Ok(()) } else { Err(status(Code::Unauthenticated, "username or password is wrong")) }
}
