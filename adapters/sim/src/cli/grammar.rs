//! What a command line knows, as data.

/// The lines of a system and its prompts. In texts, `{host}` is the host name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grammar {
    /// The host name; lines that begin with `hostname` change it.
    pub host: String,
    /// First words of lines that open a block, and what its prompt says for them.
    pub blocks: Vec<(String, String)>,
    /// Beginnings of lines that open a block within another.
    pub inner: Vec<String>,
    /// Beginnings of lines of which a block has one at most.
    pub values: Vec<String>,
    /// Beginnings of lines that hold a list of VLANs, or a change of one.
    pub lists: Vec<String>,
    /// Beginnings of all other lines that are known.
    pub others: Vec<String>,
    /// What takes back a line that it stands before.
    pub undo: String,
    /// The prompt of those who may look at little; `None` where everybody is let in.
    pub user_prompt: Option<String>,
    /// The prompt outside configuration mode.
    pub prompt: String,
    /// The prompt in it.
    pub configure_prompt: String,
    /// The prompt in a block, where `{block}` is what it says for it.
    pub block_prompt: String,
    /// Leads into configuration mode.
    pub configure: String,
    /// Leads out of it.
    pub end: String,
    /// Leads out of a block.
    pub exit: String,
    /// Copies running to startup, after a question where there is one.
    pub save: (String, Option<String>),
    /// Ends paging.
    pub no_pager: String,
    /// Lines of a page.
    pub page: usize,
    /// What is said of lines that are not known.
    pub unknown: String,
    /// What can be shown.
    pub shows: Vec<(String, Show)>,
    /// Where lines in blocks wait for a commit.
    pub commit: Option<CommitGrammar>,
    /// Where an aggregate's members stand in a block beside that of its settings.
    pub lags: Option<LagGrammar>,
    /// Where lines say the whole way and wait for a commit; then there are no blocks.
    pub sets: Option<SetGrammar>,
    /// Where commands at the prompt change rows; then there is no configuration mode.
    pub rows: Option<RowGrammar>,
}

/// How lines in blocks come to be so. In the prompt of configuration mode, `{waits}` is `*`
/// where some wait, and `~` where none does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitGrammar {
    /// Commits them.
    pub line: String,
    /// Asks who leaves configuration mode whether to commit what was not; `y` does.
    pub question: String,
}

/// Aggregates that are made in a block which lists their members. The number is the last word
/// of the lines that enter their blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LagGrammar {
    /// The first word of the line that enters one, and makes it.
    pub block: String,
    /// What the block of its settings begins with, which is there as long as it has members.
    pub interface: String,
    /// What it is called before its number, in VLANs.
    pub prefix: String,
    /// What stands before the name of a member.
    pub ports: String,
    /// What names a port.
    pub name: String,
    /// Disables a port.
    pub disabled: String,
    /// Enables it.
    pub enabled: String,
    /// Beginnings of lines that members have when it goes.
    pub guards: Vec<String>,
}

/// Commands that change rows of words. A name in braces stands for one word, for the same
/// one wherever it stands again; a star for any. A name that ends in a comma stands for a list
/// of words with commas between them, and rows for each of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowGrammar {
    /// Commands that change something.
    pub changes: Vec<RowChange>,
    /// Commands that show something.
    pub shows: Vec<RowShow>,
    /// What is said of commands that are not known.
    pub unknown: String,
}

/// A command that changes rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The command.
    pub line: String,
    /// A row that must be there, whose names stand for what they do in it, and what is said
    /// where it is not.
    pub needs: Option<(String, String)>,
    /// A row that must not be there, and what is said where it is.
    pub lacks: Option<(String, String)>,
    /// A row, and the lowest number that `{number}` stands for where no such row has it.
    pub numbers: Option<(String, u16)>,
    /// For each of these rows it takes away and adds what it does, instead of once.
    pub each: Option<String>,
    /// Rows that it takes away.
    pub removes: Vec<String>,
    /// Rows that it adds.
    pub adds: Vec<String>,
}

/// A command that shows rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowShow {
    /// The command, whose names stand for what they do in the row.
    pub command: String,
    /// For each of these rows it shows one.
    pub each: String,
    /// How that looks, where `{list}` is the list below.
    pub row: String,
    /// Rows whose last words are the list.
    pub list: Vec<String>,
    /// What stands for a list of none.
    pub none: String,
}

/// Lines that set and delete in a candidate. In ways, a star is any one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetGrammar {
    /// The word before what is set.
    pub set: String,
    /// The word before what is deleted.
    pub delete: String,
    /// The first words of ways that are known.
    pub tops: Vec<String>,
    /// Ways that have one value.
    pub values: Vec<String>,
    /// Ways that stay when what is below them goes.
    pub stays: Vec<String>,
    /// What is said of lines that are not known.
    pub unknown: String,
    /// What is said of what is to be deleted and is not there.
    pub not_found: String,
    /// What is said to whom the candidate is refused.
    pub locked: String,
    /// Throws the candidate away.
    pub discard: String,
    /// Does so and leads out of configuration mode, where that is another line.
    pub abort: Option<String>,
    /// Commits it.
    pub commit: String,
    /// What is said of that.
    pub committed: String,
    /// Commits it until a number of minutes has passed without another commit, where that goes.
    pub confirmed: Option<String>,
    /// Leads out of configuration mode.
    pub end: String,
    /// What stands before commands that show something, in configuration mode.
    pub inside: String,
    /// Commands that show what runs, and the way to what each shows; all without.
    pub shows: Vec<(String, String)>,
    /// Commands that show the candidate, likewise.
    pub candidate: Vec<(String, String)>,
    /// Shows the commits.
    pub history: String,
}

/// What a command shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Show {
    /// The whole configuration.
    Running,
    /// The same, each line with the one that enters its block.
    Flat,
    /// This.
    Text(String),
    /// Nothing: it is never answered.
    Silent,
    /// Lines without an end.
    Endless,
    /// Nothing: the switch ends the session.
    Closes,
    /// A table of the blocks that one word opens.
    Table {
        /// That word.
        block: String,
        /// What stands above.
        head: String,
        /// A row, with `{id}` for what follows the word and `{name}` for its name.
        row: String,
        /// What is there whatever is configured.
        always: Vec<String>,
    },
}
