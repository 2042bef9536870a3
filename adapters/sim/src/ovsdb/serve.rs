//! A client's connection: JSON values with nothing between them, both ways (RFC 7047
//! section 4).

use std::{future::pending, sync::Arc, time::Duration};

use serde_json::{Deserializer, Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::mpsc,
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::{
    Ovsdb,
    database::Transacted,
    datum::Failed,
    is_change,
    schema::{self, DATABASE},
};
use crate::{
    device::{Cut, Device},
    fault::Moment,
    refusal::Tag,
    strikes::{Denial, Strikes, Struck},
};

/// Octets of a request.
const REQUEST: usize = 4 * 1024 * 1024;
/// After so long without a word it asks whether somebody is there, and after as long again
/// it goes.
const PROBE: Duration = Duration::from_secs(5);
/// Answers that may wait to be written.
const UNWRITTEN: usize = 64;

/// Why a transaction's answer is another than its results.
struct Denied(Failed);

impl From<Denial> for Denied {
    fn from(denial: Denial) -> Self {
        let (tag, details) = match denial {
            Denial::Tag(Tag::InvalidValue, details) => ("constraint violation", details),
            Denial::Tag(Tag::ResourceDenied, details) => ("resources exhausted", details),
            Denial::Tag(Tag::AccessDenied, details) => ("permission error", details),
            Denial::Tag(_, details) | Denial::Status(_, details) => ("I/O error", details),
        };
        Self(Failed::new(tag, details))
    }
}

/// One connection.
struct Connection {
    device: Arc<Device>,
    ovsdb: Arc<Ovsdb>,
    cut: tokio::sync::watch::Receiver<Cut>,
    answers: mpsc::Sender<Value>,
    /// Transactions that wait; they end with the connection.
    waiting: JoinSet<()>,
}

/// Serves a connection until it ends, and drops the stream.
pub(crate) async fn serve<S>(device: Arc<Device>, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Some((ovsdb, mut cut)) = device.ovsdb.clone().zip(device.open_connection()) else { return };
    let _counted = Counted(Arc::clone(&device));
    let set = device.change(|state| state.faults.meet("ovsdb-connect"));
    let mut strikes = Strikes::new(Arc::clone(&device), cut.clone(), set);
    for moment in [Moment::BeforeApply, Moment::AfterApply] {
        if strikes.strike::<Denied>(moment).await.is_err() {
            return;
        }
    }
    let (mut reads, mut writes) = tokio::io::split(stream);
    let (answers, mut unwritten) = mpsc::channel::<Value>(UNWRITTEN);
    let write = async {
        while let Some(answer) = unwritten.recv().await {
            if writes.write_all(answer.to_string().as_bytes()).await.is_err() || writes.flush().await.is_err() {
                return;
            }
        }
    };
    let mut connection =
        Connection { device: Arc::clone(&device), ovsdb, cut: cut.clone(), answers, waiting: JoinSet::new() };
    // In this order: what cuts the connection keeps what waits from being written.
    tokio::select! {
        biased;
        _ = cut.changed() => {}
        () = write => {}
        () = connection.read(&mut reads) => {}
    }
}

impl Connection {
    async fn read(&mut self, reads: &mut (impl AsyncRead + Unpin)) {
        let (mut text, mut chunk) = (Vec::new(), vec![0; 16 << 10]);
        let mut is_asked = false;
        loop {
            let read = match timeout_at(Instant::now() + PROBE, reads.read(&mut chunk)).await {
                Ok(Ok(0) | Err(_)) => return,
                Ok(Ok(read)) => read,
                Err(_) if is_asked => return,
                Err(_) => {
                    is_asked = true;
                    if self.say(json!({ "id": "echo", "method": "echo", "params": [] })).await.is_err() {
                        return;
                    }
                    continue;
                }
            };
            is_asked = false;
            text.extend_from_slice(chunk.get(..read).unwrap_or_default());
            let mut objects = Deserializer::from_slice(&text).into_iter::<Value>();
            let mut whole = Vec::new();
            let taken = loop {
                let taken = objects.byte_offset();
                match objects.next() {
                    Some(Ok(object)) => whole.push(object),
                    Some(Err(error)) if !error.is_eof() => return,
                    _ => break taken,
                }
            };
            text.drain(..taken);
            if text.len() > REQUEST {
                return;
            }
            for object in whole {
                if self.answer(&object).await.is_err() {
                    return;
                }
            }
        }
    }

    async fn say(&self, answer: Value) -> Result<(), Broken> {
        self.answers.send(answer).await.map_err(|_| Broken)
    }

    /// Answers what is a request with an id.
    async fn answer(&mut self, object: &Value) -> Result<(), Broken> {
        let (id, params) = (&object["id"], &object["params"]);
        let (Some(method), false) = (object["method"].as_str(), id.is_null()) else { return Ok(()) };
        let done = |result: Value| json!({ "id": id, "result": result, "error": null });
        match method {
            "echo" => self.say(done(params.clone())).await,
            "set_db_change_aware" => self.say(done(json!({}))).await,
            "list_dbs" => self.say(done(json!([DATABASE, "_Server"]))).await,
            "get_schema" if params[0] == DATABASE => self.say(done(schema::published().clone())).await,
            "transact" if params[0] == DATABASE => {
                let operations = params.as_array().map(|all| all.iter().skip(1).cloned().collect());
                self.transact(id.clone(), operations.unwrap_or_default()).await
            }
            "transact" | "get_schema" => {
                let details = format!("{method} request specifies unknown database {}", params[0]);
                let error = json!({ "error": "unknown database", "details": details, "syntax": params.to_string() });
                self.say(json!({ "id": id, "error": error })).await
            }
            _ => self.say(json!({ "id": id, "error": "unknown method" })).await,
        }
    }

    /// Who waits for a change lets others have their turn meanwhile.
    async fn transact(&mut self, id: Value, operations: Vec<Value>) -> Result<(), Broken> {
        let is_waiting = operations.iter().any(|one| one["op"] == "wait" && one["timeout"] != 0);
        let operation = match (is_change(&operations), is_waiting) {
            (true, _) => "ovsdb-change",
            (false, true) => "ovsdb-applied",
            (false, false) => "ovsdb-select",
        };
        let set = self.device.change(|state| state.faults.meet(operation));
        let mut strikes = Strikes::new(Arc::clone(&self.device), self.cut.clone(), set);
        let (ovsdb, begun) = (Arc::clone(&self.ovsdb), Instant::now());
        let mut changed = ovsdb.changed.subscribe();
        let now = match once(&ovsdb, &operations, &mut strikes, begun).await {
            Ok(now) => now,
            Err(Struck::Broken) => return Err(Broken),
            Err(Struck::Refused(Denied(failed))) => return self.say(denied(&id, &failed, operations.len())).await,
        };
        let within = match now {
            Transacted::Done { results, .. } => return finish(&self.answers, strikes, id, results).await,
            Transacted::Waits(within) => within,
        };
        let answers = self.answers.clone();
        self.waiting.spawn(async move {
            let over = async {
                match within {
                    Some(within) => tokio::time::sleep_until(begun + within).await,
                    None => pending().await,
                }
            };
            tokio::pin!(over);
            loop {
                let is_over = tokio::select! {
                    _ = changed.changed() => false,
                    () = &mut over => true,
                };
                let waited = if is_over { Duration::MAX } else { begun.elapsed() };
                if let Transacted::Done { results, .. } = ovsdb.transact(&operations, waited) {
                    // A connection that is gone needs no answer.
                    let _ = finish(&answers, strikes, id, results).await;
                    return;
                }
            }
        });
        Ok(())
    }
}

/// The connection is to end.
struct Broken;

/// Carries a transaction out in its turn.
async fn once(
    ovsdb: &Ovsdb,
    operations: &[Value],
    strikes: &mut Strikes,
    begun: Instant,
) -> Result<Transacted, Struck<Denied>> {
    let _turn = strikes.or_cut(ovsdb.turn.lock()).await?;
    strikes.strike(Moment::BeforeApply).await?;
    let is_change = is_change(operations);
    if is_change {
        ovsdb.meddle(Moment::BeforeApply);
    }
    let done = ovsdb.transact(operations, begun.elapsed());
    if is_change {
        ovsdb.meddle(Moment::AfterApply);
    }
    Ok(done)
}

async fn finish(
    answers: &mpsc::Sender<Value>,
    mut strikes: Strikes,
    id: Value,
    results: Vec<Value>,
) -> Result<(), Broken> {
    let answer = match strikes.strike::<Denied>(Moment::AfterApply).await {
        Ok(()) => json!({ "id": id, "result": results, "error": null }),
        Err(Struck::Refused(Denied(failed))) => denied(&id, &failed, results.len()),
        Err(Struck::Broken) => return Err(Broken),
    };
    answers.send(answer).await.map_err(|_| Broken)
}

/// Refuses a transaction at its first operation.
fn denied(id: &Value, failed: &Failed, operations: usize) -> Value {
    let mut results = vec![failed.to_json()];
    results.resize(operations, Value::Null);
    json!({ "id": id, "result": results, "error": null })
}

struct Counted(Arc<Device>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.close_connection();
    }
}
