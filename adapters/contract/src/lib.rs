//! What an adapter offers the service, and the words both use.
//!
//! - [`Render`] turns a plan into a payload: pure, so that it works offline.
//! - [`Session`] carries [`Step`]s to a target in as few round trips as the
//!   target allows; [`Connector`] opens one.
//! - [`Capabilities`] say beforehand what a target can do.
//! - [`Offline`] answers in a target's place with what was [`Recorded`] of it.
//! - [`Dialect`] is how one vendor's system differs, as data.
//! - [`Budget`] is what replies may take of the memory, [`DataTree`] what they
//!   are understood as, [`off_worker`] where.
//! - [`ModuleSource`] tells which YANG modules a target has.
//! - [`RpcError`] is what a target refuses with, in RFC 6241's vocabulary.

mod absence;
mod budget;
mod bump;
mod capabilities;
mod data_json;
mod data_tree;
mod defaults;
mod dial;
mod dialect;
mod json;
pub mod mac_vrf;
mod modules;
mod names;
mod node;
mod off_worker;
pub mod operations;
mod options;
mod payload;
mod pieces;
mod reading;
mod recorded;
mod render;
pub mod rpc_error;
mod secrets;
mod session;
mod sessions;
mod spelling;
mod unread;

pub use absence::{Absent, Sighting, named};
pub use budget::{Budget, MAX_REPLY, NoRoom, Share};
pub use bump::Bump;
pub use capabilities::{Capabilities, ConfirmedCommit, Datastore};
pub use data_json::{JsonUnread, Lay, ManyChildren, data_json};
pub use data_tree::{DataNode, DataTree, Members};
pub use defaults::Defaults;
pub use dial::{dial, without_zone};
pub use dialect::{
    Blocks, BondColumns, BondParts, BondRow, Bonds, Candidate, ChannelGroup, CliDialect, CliForm, CliLine, CliOverlay,
    CliSession, CliTransport, CliWords, Command, ConfirmedBy, Confirming, Deviation, DeviceColumns, Dialect,
    DialectError, Enable, Evidence, Filled, FlatAggregate, FlatBridge, FlatForm, FlatLeaf, FlatMember, FlatNumber,
    FlatSaying, FlatWords, GeneralMode, GnmiDialect, GnmiEncoding, Hole, InterfaceNames, Known, LagBlock, LagMembers,
    LeafTree, LeafValues, Level, LinkState, ListTree, Mapping, Misnamed, ModeChange, ModeForm, Module, Need,
    NetconfDialect, NodePath, NvueDialect, NvueLeaf, OthersEntry, OverlayPart, OverlayTree, OvsdbColumn, OvsdbDialect,
    OvsdbTable, PathPrefixes, PathStep, Pattern, Prompts, Question, Reading, RestconfDialect, Revision, Rows, Said,
    Save, SegmentForms, SegmentLeaf, SegmentLine, SetWords, ShellLogin, Shown, Since, Standing, StateForm, StateTable,
    SwitchedPort, SwitchedVlanTree, Template, TextLimits, Tree, TrunkAbsent, TrunkForm, TrunkPart, TrunkWords, Trust,
    Unsaid, Variant, VlanMembers, VlanTable, VlanTree, VniStates, Waiting, Way, When, Whole, Wording, WriteLevel,
    above_builtin, builtin, builtin_text, load,
};
pub use json::{JsonProblem, json};
pub use modules::{ModuleList, ModuleSource, YangModule};
pub use names::Names;
pub use node::Node;
pub use off_worker::{Unfinished, in_background, off_worker};
pub use operations::{EntryOperations, LeafOperation, Operations, Origin};
pub use options::options;
pub use payload::{Body, Payload, Render, RequestForm, Unrenderable};
pub use pieces::{Pace, Pieces};
pub use reading::{Data, Looking, Parts, find, running, value};
pub use recorded::{Offline, Recorded};
pub use render::{Writing, operations};
pub use rpc_error::*;
pub use secrets::{MASK, SECRET_WORDS, is_secret, masked, secret_at};
pub use session::{
    Answer, CommitMode, ConnectError, ConnectFault, Connector, Flight, Kept, Lost, PATIENCE_WITH_STATE, PersistId,
    Presented, Probe, Refusal, Session, Step, StepResult, Traffic, chain,
};
pub use sessions::ListedSession;
pub use spelling::vlan_key;
pub use unread::{Clashes, Left, Nodes, Source, Unread, place, stands_for_several};
