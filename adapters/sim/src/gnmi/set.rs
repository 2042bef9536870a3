//! Set (gNMI section 3.4): one transaction.

use std::sync::Arc;

use mercury_gnmi_proto::gnmi::{
    Path, SetRequest, SetResponse, Update, UpdateResult, typed_value, update_result::Operation,
};
use tonic::{Code, Status};

use super::{
    commit::Asked,
    get::now,
    path, payload,
    status::{invalid, of_set, unimplemented},
};
use crate::{
    Options,
    device::{Device, Write},
    pattern::Pattern,
    schema::Kind,
};

/// Carries out a Set.
pub(super) async fn set(device: &Arc<Device>, request: &SetRequest) -> Result<SetResponse, Status> {
    let options = &device.options;
    path::check_prefix(request.prefix.as_ref(), &options.quirks)?;
    let operations = operations(request)?;
    let asked = Asked::read(&request.extension, options)?;
    if options.quirks.gnmi_max_operations.is_some_and(|most| operations.len() > most) {
        return Err(invalid(format!("{} operations are too many for one Set", operations.len())));
    }
    let names: Vec<String> = operations.iter().map(|operation| operation.name(request)).collect();
    let refused = |refused| of_set(refused, &names);
    match asked {
        Asked::Confirm(id) => only_extension(&operations).and_then(|()| device.confirm_set(&id).map_err(refused))?,
        Asked::Cancel(id) => only_extension(&operations).and_then(|()| device.cancel_set(&id).map_err(refused))?,
        Asked::Extend(new) => only_extension(&operations).and_then(|()| device.extend_set(&new).map_err(refused))?,
        Asked::Nothing if operations.is_empty() => {}
        Asked::Nothing | Asked::Begin(_) => {
            let confirmation = match &asked {
                Asked::Begin(confirmation) => Some(confirmation),
                _ => None,
            };
            let atomic = !options.quirks.gnmi_not_atomic;
            let (writes, unreadable) = read(&operations, request, options);
            if let (Some(status), true) = (&unreadable, atomic || confirmation.is_some()) {
                return Err(status.clone());
            }
            let _turn = device.set_turn.lock().await;
            if !options.commit_time.is_zero() {
                tokio::time::sleep(options.commit_time).await;
            }
            device.set(&writes, confirmation, atomic).map_err(refused)?;
            if let Some(status) = unreadable {
                return Err(status);
            }
        }
    }
    device.change(|state| state.counters.sets += 1);
    response(request)
}

/// Carries out the first half of a Set, and answers as if that were all.
pub(super) async fn half(device: &Arc<Device>, request: &SetRequest) -> Result<SetResponse, Status> {
    let mut half = request.clone();
    let mut left = operations(request)?.len() / 2;
    let mut keep = |length: usize| {
        let kept = length.min(left);
        left -= kept;
        kept
    };
    half.delete.truncate(keep(request.delete.len()));
    half.replace.truncate(keep(request.replace.len()));
    half.update.truncate(keep(request.update.len()));
    set(device, &half).await
}

/// The answer to a Set that was carried out.
pub(super) fn response(request: &SetRequest) -> Result<SetResponse, Status> {
    let operations = operations(request)?;
    let result = |operation: &Of<'_>| UpdateResult {
        path: Some(operation.path.cloned().unwrap_or_default()),
        op: operation.kind.into(),
        ..UpdateResult::default()
    };
    Ok(SetResponse {
        prefix: request.prefix.clone(),
        response: operations.iter().map(result).collect(),
        timestamp: now(),
        extension: Vec::new(),
    })
}

/// One operation.
struct Of<'a> {
    kind: Operation,
    path: Option<&'a Path>,
    update: Option<&'a Update>,
}

/// All operations in the order they are done in (section 3.4).
fn operations(request: &SetRequest) -> Result<Vec<Of<'_>>, Status> {
    let delete = request.delete.iter().map(|path| Of { kind: Operation::Delete, path: Some(path), update: None });
    let replace = request.replace.iter().map(|update| Of::put(Operation::Replace, update));
    let update = request.update.iter().map(|update| Of::put(Operation::Update, update));
    let operations: Vec<_> = delete.chain(replace).chain(update).collect();
    match (request.union_replace.is_empty(), operations.is_empty()) {
        (true, _) => Ok(operations),
        (false, true) => Err(unimplemented("union_replace is not supported")),
        (false, false) => Err(invalid("union_replace does not go together with other operations")),
    }
}

fn only_extension(operations: &[Of<'_>]) -> Result<(), Status> {
    match operations.is_empty() {
        true => Ok(()),
        false => Err(invalid("what confirms, cancels or extends a commit changes nothing else")),
    }
}

/// What the operations write, up to the first that makes no sense.
fn read(operations: &[Of<'_>], request: &SetRequest, options: &Options) -> (Vec<Write>, Option<Status>) {
    let mut writes = Vec::new();
    for operation in operations {
        match operation.read(request.prefix.as_ref(), options) {
            Ok(write) => writes.push(write),
            Err(status) => {
                let message = format!("{}: {}", operation.name(request), status.message());
                return (writes, Some(super::status::status(status.code(), message)));
            }
        }
    }
    (writes, None)
}

impl<'a> Of<'a> {
    fn put(kind: Operation, update: &'a Update) -> Self {
        Self { kind, path: update.path.as_ref(), update: Some(update) }
    }

    fn read(&self, prefix: Option<&Path>, options: &Options) -> Result<Write, Status> {
        let root = Path::default();
        let pattern = path::resolve(prefix, self.path.unwrap_or(&root), options, Code::NotFound)?;
        if pattern.0.iter().any(|step| step.node.is_state()) {
            return Err(invalid("state is not to be set"));
        }
        let Some(update) = self.update else {
            return match is_key(&pattern) {
                true => Err(invalid("the key of a list entry is deleted with the entry")),
                false => Ok(Write::Remove(pattern)),
            };
        };
        if pattern.is_open() {
            return Err(invalid("what is to be changed has to be named by its keys"));
        }
        let leaf = pattern.0.last().is_some_and(|step| matches!(step.node.kind, Kind::Leaf(_) | Kind::LeafList(_)));
        if options.quirks.gnmi_leaf_paths_only && !leaf {
            return Err(unimplemented("only leaves can be written"));
        }
        #[expect(deprecated, reason = "to be refused it has to be looked at")]
        if update.value.is_some() {
            return Err(invalid("'value' is no longer understood, 'val' is"));
        }
        let val = update.val.as_ref().ok_or_else(|| invalid("a value is missing"))?;
        let is_json = matches!(&val.value, Some(typed_value::Value::JsonVal(_) | typed_value::Value::JsonIetfVal(_)));
        if options.quirks.gnmi_no_scalars && !is_json {
            return Err(unimplemented("only JSON can be written"));
        }
        let replace = self.kind == Operation::Replace;
        let nodes = payload::read(&pattern, val, replace, &options.quirks)?;
        let mut edit = pattern.edit(nodes);
        if replace && pattern.0.is_empty() {
            edit.default = crate::edit::Operation::Replace;
        }
        Ok(Write::Put(edit))
    }

    fn name(&self, request: &SetRequest) -> String {
        let path = path::display(request.prefix.as_ref(), self.path.unwrap_or(&Path::default()));
        format!("{} {path}", self.kind.as_str_name().to_lowercase())
    }
}

fn is_key(pattern: &Pattern) -> bool {
    match pattern.0.as_slice() {
        [.., list, leaf] => matches!(list.node.kind, Kind::List { key, .. } if key == leaf.node.name),
        _ => false,
    }
}
