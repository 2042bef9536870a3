//! Where in a text something is.

/// A reader's message without the place that it names, and that place: line and column,
/// both counted from 1.
pub(super) fn of_message(message: &str) -> (String, Option<usize>, Option<usize>) {
    let plain = || (message.to_owned(), None, None);
    if let Some((line, rest)) = message.strip_prefix("line ").and_then(|rest| rest.split_once(": ")) {
        return line.parse().map_or_else(|_| plain(), |line| (rest.to_owned(), Some(line), None));
    }
    let json = || {
        let (reason, place) = message.rsplit_once(" at line ")?;
        let (line, column) = place.split_once(" column ")?;
        Some((reason.to_owned(), Some(line.parse().ok()?), Some(column.parse::<usize>().ok()?.max(1))))
    };
    json().unwrap_or_else(plain)
}

/// The line on which a port or VLAN is first named, of a data path such as
/// `interfaces/Ethernet1/mtu` and `vlans/110`.
pub(super) fn of_path(path: &str, text: &str) -> Option<usize> {
    let (list, rest) = path.split_once('/')?;
    // A port's own name may have slashes.
    let name = match list {
        "interfaces" => ["/switched-vlan", "/mtu", "/description"]
            .iter()
            .fold(rest, |name, leaf| name.strip_suffix(leaf).unwrap_or(name)),
        _ => rest.split('/').next().unwrap_or(rest),
    };
    text.lines().position(|line| holds(line, name)).map(|index| index + 1)
}

/// Whether a line holds a name that goes on neither before nor behind.
fn holds(line: &str, name: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '/' | '-' | '_');
    line.match_indices(name).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let behind = line.get(at + name.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(goes_on) && !behind.is_some_and(goes_on)
    })
}

/// The line of the node that a path of libyang's leads to, as far as it can be seen: the
/// one that holds its name behind the one that holds the last key.
#[cfg_attr(not(feature = "yang"), expect(dead_code, reason = "only libyang has such paths"))]
pub(super) fn of_data_path(path: &str, text: &str) -> Option<usize> {
    let key = path.rsplit_once("='").and_then(|(_, rest)| rest.split_once('\'').map(|(key, _)| key));
    let begin = key.and_then(|key| text.lines().position(|line| holds(line, key)));
    let leaf = path.rsplit(['/', ':']).next().map(|name| name.split('[').next().unwrap_or(name))?;
    let behind = text.lines().enumerate().skip(begin.unwrap_or_default()).find(|(_, line)| holds(line, leaf));
    behind.map(|(index, _)| index).or(begin).map(|index| index + 1)
}
