//! A reply as a data tree (RFC 7950 section 3) that takes about as much memory
//! as the reply.
//!
//! Nodes share their names, lie in one arena and are linked: a list of any length
//! grows at its end in constant time, and nothing is moved when it does. Values
//! are pieces of the reply, or copies of them in the arena.

use std::{cell::Cell, collections::HashMap, fmt, ptr};

use crate::{Bump, Data, NoRoom, Share};

/// What the names of attributes begin with (as in RFC 7952 section 5.2).
const ATTRIBUTE: char = '@';
/// The name of a value that stands beside attributes.
const BESIDE: &str = "";
/// What a name costs besides its letters: its place in the table of names.
const NAME: usize = 96;

/// A container, a list entry, a leaf, or one value of a leaf-list. Or a group:
/// all list entries or values of one name, which [`Data`] shows one by one.
pub struct DataNode<'a> {
    name: Cell<&'a Name<'a>>,
    content: Cell<Content<'a>>,
    /// The node behind this one; behind the last it is the first.
    next: Cell<Option<&'a Self>>,
}

/// A name in the tree of which it is part once.
struct Name<'a> {
    text: &'a str,
    is_group: bool,
    /// The last value of such a leaf that was copied.
    last: Cell<&'a str>,
}

/// As large as a `&str` alone: there are as many as nodes.
#[derive(Clone, Copy)]
enum Content<'a> {
    Value(&'a str),
    /// The last node below.
    Below(Option<&'a DataNode<'a>>),
}

/// Makes nodes, within what one reply may take.
pub struct DataTree<'a, 's> {
    /// Its piece that has room.
    arena: &'a Bump,
    share: &'s mut Share,
    names: HashMap<&'a str, [&'a Name<'a>; 2]>,
}

impl<'a, 's> DataTree<'a, 's> {
    /// A tree whose nodes lie in `arena` and are counted by `share`.
    pub fn new(arena: &'a Bump, share: &'s mut Share) -> Self {
        Self { arena, share, names: HashMap::new() }
    }

    /// A node that is nowhere yet, with nothing below.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn node(&mut self, name: &str) -> Result<&'a DataNode<'a>, NoRoom> {
        let [name, _] = self.name(name)?;
        self.made(name, Content::Below(None))
    }

    /// A leaf that is nowhere yet.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn leaf(&mut self, name: &str, value: &'a str) -> Result<&'a DataNode<'a>, NoRoom> {
        let [name, _] = self.name(name)?;
        self.made(name, Content::Value(value))
    }

    /// A group that is nowhere yet, of nodes that get its name.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn group(&mut self, name: &str) -> Result<&'a DataNode<'a>, NoRoom> {
        let [_, name] = self.name(name)?;
        self.made(name, Content::Below(None))
    }

    /// Makes a group of a node: what it was is the group's first.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn regroup(&mut self, node: &'a DataNode<'a>) -> Result<(), NoRoom> {
        let [_, name] = self.name(node.name())?;
        let first = self.made(node.name.get(), node.content.get())?;
        node.name.set(name);
        node.content.set(Content::Below(None));
        node.push(first);
        Ok(())
    }

    /// Says something of a node beside its value, before there is anything else
    /// below.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn attribute(&mut self, node: &DataNode<'a>, name: &str, value: &str) -> Result<(), NoRoom> {
        let value = self.text(value)?;
        node.push(self.leaf(&format!("{ATTRIBUTE}{name}"), value)?);
        Ok(())
    }

    /// Makes a leaf of a node that has nothing below but attributes.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn set_value(&mut self, node: &DataNode<'a>, value: &'a str) -> Result<(), NoRoom> {
        match node.last() {
            None => node.content.set(Content::Value(value)),
            Some(_) => node.push(self.leaf(BESIDE, value)?),
        }
        Ok(())
    }

    /// A name as the nodes have it.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn known(&mut self, name: &str) -> Result<&'a str, NoRoom> {
        self.name(name).map(|[name, _]| name.text)
    }

    /// A copy of a text, where the reply does not last as long as the tree.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn text(&mut self, text: &str) -> Result<&'a str, NoRoom> {
        self.share.grow(text.len())?;
        Ok(self.room(text.len()).alloc_str(text))
    }

    /// A leaf that is nowhere yet, with a copy of its value, or the one that the
    /// last leaf of its name has if that is the same: modes, types and MTUs are of
    /// most ports, and a key is in an entry twice.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn copied_leaf(&mut self, name: &str, value: &str) -> Result<&'a DataNode<'a>, NoRoom> {
        let [name, _] = self.name(name)?;
        let last = name.last.get();
        let value = if last == value { last } else { self.text(value)? };
        name.last.set(value);
        self.made(name, Content::Value(value))
    }

    /// Counts what is kept beside the nodes.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn beside(&mut self, octets: usize) -> Result<(), NoRoom> {
        self.share.grow(octets)
    }

    /// Does something that takes of the same share.
    pub fn with_share<T>(&mut self, done: impl FnOnce(&mut Share) -> T) -> T {
        done(self.share)
    }

    fn made(&mut self, name: &'a Name<'a>, content: Content<'a>) -> Result<&'a DataNode<'a>, NoRoom> {
        self.share.grow(size_of::<DataNode<'_>>())?;
        let (name, content) = (Cell::new(name), Cell::new(content));
        Ok(self.room(size_of::<DataNode<'_>>()).alloc(DataNode { name, content, next: Cell::new(None) }))
    }

    fn room(&mut self, octets: usize) -> &'a bumpalo::Bump {
        self.arena = self.arena.with_room(octets);
        self.arena.piece()
    }

    /// The name of a node, and of a group.
    fn name(&mut self, text: &str) -> Result<[&'a Name<'a>; 2], NoRoom> {
        if let Some(known) = self.names.get(text) {
            return Ok(*known);
        }
        self.share.grow(NAME + 2 * size_of::<Name<'_>>())?;
        let text = self.text(text)?;
        let room = self.room(2 * size_of::<Name<'_>>());
        let new = [false, true].map(|is_group| &*room.alloc(Name { text, is_group, last: Cell::new("") }));
        self.names.insert(text, new);
        Ok(new)
    }
}

impl<'a> DataNode<'a> {
    /// Its name, without a prefix.
    pub fn name(&self) -> &'a str {
        self.name.get().text
    }

    /// A leaf's value; empty for any other node.
    pub fn value(&self) -> &'a str {
        match self.content.get() {
            Content::Value(value) => value,
            Content::Below(Some(last)) if last.name() == BESIDE => last.value(),
            Content::Below(_) => "",
        }
    }

    /// Whether it has a value.
    pub fn is_leaf(&self) -> bool {
        match self.content.get() {
            Content::Value(_) => true,
            Content::Below(last) => last.is_some_and(|last| last.name() == BESIDE),
        }
    }

    /// Whether it is an attribute of the node above, or the value beside one.
    pub(crate) fn is_hidden(&self) -> bool {
        self.name().starts_with(ATTRIBUTE) || self.name() == BESIDE
    }

    /// Whether it stands for all nodes of its name.
    pub fn is_group(&self) -> bool {
        self.name.get().is_group
    }

    /// Whether it has this node's name.
    pub fn is_like(&self, other: &Self) -> bool {
        ptr::eq(self.name(), other.name())
    }

    /// Puts a node behind the last one below. It must be nowhere yet.
    pub fn push(&self, node: &'a Self) {
        match self.last() {
            None => node.next.set(Some(node)),
            Some(last) => {
                node.next.set(last.next.get());
                last.next.set(Some(node));
            }
        }
        self.content.set(Content::Below(Some(node)));
    }

    /// Becomes, where it is, what another node is.
    pub fn become_like(&self, other: &Self) {
        self.name.set(other.name.get());
        self.content.set(other.content.get());
    }

    /// Whether there is anything below but attributes.
    pub fn is_above(&self) -> bool {
        self.last().is_some_and(|last| !last.is_hidden())
    }

    /// The last node below.
    pub fn last(&self) -> Option<&'a Self> {
        match self.content.get() {
            Content::Below(last) => last,
            Content::Value(_) => None,
        }
    }

    /// The nodes below, groups as what they are.
    pub fn members(&self) -> Members<'a> {
        let last = self.last();
        Members { next: last.and_then(|last| last.next.get()), last }
    }

    /// The nodes behind this one, up to `last`, which is behind it or it.
    pub fn up_to(&self, last: &'a Self) -> Members<'a> {
        let next = self.next.get().filter(|_| !ptr::eq(self, last));
        Members { next, last: Some(last) }
    }
}

impl Data for DataNode<'_> {
    fn name(&self) -> &str {
        self.name()
    }

    fn value(&self) -> &str {
        self.value()
    }

    fn below<'a>(&'a self) -> impl Iterator<Item = &'a Self>
    where
        Self: 'a,
    {
        self.members().filter(|member| !member.is_hidden()).flat_map(|member| {
            let (own, all) = if member.is_group() { (None, member.members()) } else { (Some(member), Members::none()) };
            own.into_iter().chain(all).map(|node| -> &'a Self { node })
        })
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        let is_it = |member: &&DataNode<'_>| member.name().strip_prefix(ATTRIBUTE) == Some(name);
        self.members().take_while(|member| member.is_hidden()).find(is_it).map(DataNode::value)
    }

    fn is_inactive(&self) -> bool {
        // Most nodes have no attributes, and every node of a reply is asked.
        self.members().next().is_some_and(Self::is_hidden)
            && (self.attribute("inactive").is_some() || self.attribute("active") == Some("false"))
    }
}

/// The nodes below one, in order.
#[derive(Clone)]
pub struct Members<'a> {
    next: Option<&'a DataNode<'a>>,
    last: Option<&'a DataNode<'a>>,
}

impl Members<'_> {
    fn none() -> Self {
        Self { next: None, last: None }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = &'a DataNode<'a>;

    /// The one after is taken first, so that the node may be put elsewhere.
    fn next(&mut self) -> Option<Self::Item> {
        let node = self.next?;
        let is_last = self.last.is_some_and(|last| ptr::eq(last, node));
        self.next = if is_last { None } else { node.next.get() };
        Some(node)
    }
}

impl fmt::Debug for DataNode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_leaf() {
            return write!(f, "<{} {:?}>", self.name(), self.value());
        }
        write!(f, "<{}>", self.name())?;
        self.below().try_for_each(|below| below.fmt(f))?;
        f.write_str("</>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Budget, MAX_REPLY};

    #[test]
    fn a_node_takes_thirty_two_octets() {
        assert_eq!(size_of::<DataNode<'_>>(), 32);
    }

    #[test]
    fn groups_are_shown_as_what_they_hold() {
        let (arena, mut share) = (Bump::new(), Budget::new(0).share(MAX_REPLY));
        let mut tree = DataTree::new(&arena, &mut share);
        let (root, group) = (tree.node("root").unwrap(), tree.group("vlan").unwrap());
        root.push(tree.leaf("name", "a").unwrap());
        root.push(group);
        for value in ["1", "2"] {
            group.push(tree.leaf("vlan", value).unwrap());
        }
        root.push(tree.leaf("end", "").unwrap());
        assert_eq!(format!("{root:?}"), r#"<root><name "a"><vlan "1"><vlan "2"><end ""></>"#);
        let alone = tree.node("alone").unwrap();
        tree.regroup(alone).unwrap();
        root.push(alone);
        assert!(format!("{root:?}").ends_with("<alone></></>"));
    }

    #[test]
    fn attributes_stand_beside_what_a_node_holds() {
        let (arena, mut share) = (Bump::new(), Budget::new(0).share(MAX_REPLY));
        let mut tree = DataTree::new(&arena, &mut share);
        let (root, leaf) = (tree.node("root").unwrap(), tree.node("mtu").unwrap());
        tree.attribute(root, "inactive", "inactive").unwrap();
        tree.attribute(leaf, "default", "true").unwrap();
        tree.attribute(leaf, "other", "").unwrap();
        assert!(!root.is_above() && !leaf.is_leaf());
        tree.set_value(leaf, "1500").unwrap();
        root.push(leaf);
        assert!(root.is_above() && leaf.is_leaf());
        assert_eq!(format!("{root:?}"), r#"<root><mtu "1500"></>"#);
        assert_eq!((root.attribute("inactive"), root.attribute("default")), (Some("inactive"), None));
        assert_eq!(
            (leaf.attribute("default"), leaf.attribute("other"), leaf.value()),
            (Some("true"), Some(""), "1500")
        );
    }

    #[test]
    fn what_has_no_room_is_an_error() {
        let (arena, mut share) = (Bump::new(), Budget::new(0).share(MAX_REPLY));
        let mut tree = DataTree::new(&arena, &mut share);
        let made = (0..).find(|_| tree.leaf("a", "").is_err()).unwrap();
        assert!((1900..=2048).contains(&made), "{made} nodes in 64 KiB");
    }
}
