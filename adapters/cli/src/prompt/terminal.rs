//! What a terminal would show of the bytes that it is sent, line by line.

/// Octets of one line; no switch prints longer ones.
const MAX_LINE: usize = 1 << 20;

/// A device printed a line without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line of more than {} KiB", MAX_LINE >> 10)]
pub struct TooLong;

/// One line of a terminal of some width, which is overwritten where the cursor is
/// moved back, and goes on below itself where it is full.
#[derive(Debug)]
pub struct Terminal {
    columns: usize,
    line: Vec<u8>,
    cursor: usize,
    /// Where in the line the terminal's row begins that the cursor is in.
    row: usize,
    escape: Escape,
}

/// How much of a control sequence has come (ECMA-48 section 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    /// ESC.
    Begun,
    /// ESC and an intermediate byte, such as of a character set.
    Intermediate,
    /// ESC `[`, and the first number behind it.
    Control(usize),
    /// ESC `[`, and more than one number.
    ControlMore(usize),
    /// ESC `]` and a text, such as a window's title.
    Command,
    /// ESC in it, which with `\` ends it.
    CommandEnding,
}

impl Terminal {
    /// An empty one of this width.
    #[must_use]
    pub fn new(columns: u32) -> Self {
        let columns = usize::try_from(columns).unwrap_or(usize::MAX).max(1);
        Self { columns, line: Vec::new(), cursor: 0, row: 0, escape: Escape::None }
    }

    /// Takes one byte; `Some` when it ends a line, which is the line without the
    /// blanks behind it.
    ///
    /// # Errors
    /// The line has no end.
    pub fn push(&mut self, byte: u8) -> Result<Option<String>, TooLong> {
        if self.escape != Escape::None {
            self.escape(byte);
            return Ok(None);
        }
        match byte {
            b'\n' => return Ok(Some(self.take())),
            b'\r' => self.cursor = self.row,
            0x08 => self.cursor = self.cursor.saturating_sub(1),
            0x1b => self.escape = Escape::Begun,
            b'\t' => self.print(b'\t')?,
            0..0x20 | 0x7f => {}
            _ => self.print(byte)?,
        }
        Ok(None)
    }

    /// The line that has not ended, without the blanks behind it.
    #[must_use]
    pub fn partial(&self) -> String {
        String::from_utf8_lossy(self.line.trim_ascii_end()).into_owned()
    }

    /// Whether there is nothing on that line.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.line.trim_ascii().is_empty()
    }

    /// Octets of that line.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.line.len()
    }

    /// Takes that line away.
    pub fn take(&mut self) -> String {
        let text = self.partial();
        self.line.clear();
        (self.cursor, self.row) = (0, 0);
        text
    }

    fn print(&mut self, byte: u8) -> Result<(), TooLong> {
        if self.cursor >= self.row + self.columns {
            self.row = self.cursor;
        }
        if let Some(cell) = self.line.get_mut(self.cursor) {
            *cell = byte;
        } else if self.line.len() < MAX_LINE {
            self.line.push(byte);
        } else {
            return Err(TooLong);
        }
        self.cursor += 1;
        Ok(())
    }

    fn escape(&mut self, byte: u8) {
        use Escape::{Begun, Command, CommandEnding, Control, ControlMore, Intermediate, None};
        self.escape = match (self.escape, byte) {
            (Begun, b'[') => Control(0),
            (Begun, b']' | b'P' | b'X' | b'^' | b'_') => Command,
            (Begun | Intermediate, 0x20..=0x2f) => Intermediate,
            (Command | CommandEnding, 0x07) | (CommandEnding, b'\\') => None,
            (Command | CommandEnding, 0x1b) => CommandEnding,
            (Command | CommandEnding, _) => Command,
            (Control(number), b'0'..=b'9') => Control(number.saturating_mul(10).saturating_add((byte - b'0').into())),
            (Control(number) | ControlMore(number), 0x20..=0x3f) => ControlMore(number),
            (Control(number), 0x40..=0x7e) => {
                self.control(byte, number);
                None
            }
            _ => None,
        };
    }

    /// The control functions that change what is on a line (ECMA-48 section 8.3).
    fn control(&mut self, function: u8, number: usize) {
        let steps = number.clamp(1, self.columns);
        match function {
            // CUF: not beyond what is there.
            b'C' => self.cursor = (self.cursor + steps).min(self.line.len()),
            // CUB.
            b'D' => self.cursor = self.cursor.saturating_sub(steps),
            // CHA.
            b'G' => self.cursor = (self.row + steps - 1).min(self.line.len()),
            // EL.
            b'K' if number == 0 => self.line.truncate(self.cursor),
            b'K' if number == 2 => {
                self.line.truncate(self.row);
                self.cursor = self.row;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &str) -> Vec<String> {
        let mut terminal = Terminal::new(20);
        let mut lines: Vec<String> = bytes.bytes().filter_map(|byte| terminal.push(byte).unwrap()).collect();
        lines.push(terminal.partial());
        lines
    }

    #[test]
    fn what_is_overwritten_is_not_there() {
        for (bytes, lines) in [
            ("a\r\nb \r\r\n", &["a", "b", ""][..]),
            ("--More--\x08\x08\x08\x08\x08\x08\x08\x08        \x08\x08\x08\x08\x08\x08\x08\x08 mtu\n", &[" mtu", ""]),
            ("--More--\r        \rvlan 2\n", &["vlan 2", ""]),
            ("lines 1-23\x1b[27m\x1b[K\r\x1b[Kvlan 3\n", &["vlan 3", ""]),
            ("\x1b[7m--\x1b[0m\x1b[2K\rx\n", &["x", ""]),
            ("\x1b[?2004hsw# \x1b]0;sw\x07\x1b(Bshow", &["sw# show"]),
            ("\x1b]0;title\x1b\\sw#\0\x07", &["sw#"]),
            ("abc\x1b[2DX\x1b[99CY", &["aXcY"]),
            ("abc\x1b[1GX", &["Xbc"]),
        ] {
            assert_eq!(shown(bytes), lines, "{bytes:?}");
        }
    }

    #[test]
    fn a_row_that_is_full_goes_on_below_itself() {
        // As readline wraps: a blank at the row's end, and back to the next one's begin.
        assert_eq!(shown("sw# switchport trunk \rnative vlan 5\r\n"), ["sw# switchport trunknative vlan 5", ""]);
    }

    #[test]
    fn a_line_has_an_end() {
        let mut terminal = Terminal::new(511);
        assert!((0..2 * MAX_LINE).any(|_| terminal.push(b'x').is_err()));
        assert!(terminal.octets() <= MAX_LINE);
    }
}
