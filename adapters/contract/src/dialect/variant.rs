//! Earlier forms of a system's data, told apart by the revisions of its modules.

use std::sync::Arc;

use super::Tree;

/// An earlier form of a system's data.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The module that tells.
    pub module: String,
    /// The revision with which this form went, `YYYY-MM-DD`.
    pub before: String,
    /// Where everything lay.
    pub tree: Arc<Tree>,
}

/// Where everything lies for a target of this variant, counted from the newest form, 0;
/// there too where the variant is unknown.
pub(super) fn tree_of<'a>(newest: &'a Arc<Tree>, variants: &'a [Variant], variant: Option<usize>) -> &'a Arc<Tree> {
    let earlier = variant.and_then(|variant| variants.get(variant.checked_sub(1)?));
    earlier.map_or(newest, |variant| &variant.tree)
}

/// The same, in which what only another form says is not understood where the variant is
/// unknown.
pub(super) fn understood(newest: &Arc<Tree>, variants: &[Variant], variant: Option<usize>) -> Arc<Tree> {
    let mut own = Arc::clone(tree_of(newest, variants, variant));
    if own.switched_vlan.reads_also != variant.is_some() {
        let tree = Arc::make_mut(&mut own);
        let aggregate = tree.aggregate_switched_vlan.as_mut();
        std::iter::once(&mut tree.switched_vlan).chain(aggregate).for_each(|tree| tree.reads_also = variant.is_some());
    }
    own
}

/// The variant of a target with these revisions of its modules; `None` where they do not
/// tell.
pub(super) fn number(variants: &[Variant], revision: impl Fn(&str) -> Option<String>) -> Option<usize> {
    let is_before = |variant: &Variant| Some(*revision(&variant.module)? < *variant.before);
    let told: Vec<Option<bool>> = variants.iter().map(is_before).collect();
    if told.iter().any(Option::is_none) {
        return None;
    }
    // Releases follow one another: an earlier form has all of the later ones'.
    Some(told.iter().rposition(|is_before| *is_before == Some(true)).map_or(0, |at| at + 1))
}
