//! `[cli.session]` of a dialect file.

use serde::Deserialize;

use super::{
    super::{
        Candidate, CliSession, CliTransport, Confirming, Enable, Pattern, Prompts, Question, ShellLogin, Waiting, When,
    },
    Problems,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::dialect) struct RawCliSession {
    #[serde(default)]
    transport: CliTransport,
    #[serde(default = "columns")]
    columns: u32,
    #[serde(default = "enter")]
    enter: String,
    #[serde(default)]
    pipelined: bool,
    prompts: Option<RawPrompts>,
    login: Option<RawLogin>,
    press: Option<String>,
    pager: Option<String>,
    #[serde(default)]
    noise: Vec<String>,
    #[serde(default)]
    prepare: Vec<String>,
    enable: Option<RawEnable>,
    #[serde(default)]
    configure: Vec<String>,
    #[serde(default)]
    commit: Vec<String>,
    #[serde(default)]
    abort: Vec<String>,
    #[serde(default)]
    end: Vec<String>,
    waiting: Option<RawWaiting>,
    candidate: Option<RawCandidate>,
    #[serde(default)]
    save: Vec<String>,
    #[serde(default, rename = "question")]
    questions: Vec<RawQuestion>,
    #[serde(default)]
    refused: Vec<String>,
    #[serde(default)]
    harmless: Vec<String>,
    #[serde(default)]
    known_good: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawPrompts {
    above: Option<String>,
    user: Option<String>,
    enable: String,
    configure: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLogin {
    name: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawEnable {
    line: String,
    ask: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawQuestion {
    when: When,
    ask: String,
    answer: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWaiting {
    show: String,
    holds: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawCandidate {
    discard: Vec<String>,
    #[serde(default)]
    inside: String,
    #[serde(default)]
    show: Vec<String>,
    #[serde(default)]
    fresh: String,
    #[serde(default)]
    locked: Vec<String>,
    committed: String,
    confirming: Option<RawConfirming>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfirming {
    line: String,
    history: String,
    entry: String,
    waits: String,
}

const fn columns() -> u32 {
    511
}

fn enter() -> String {
    "\n".to_owned()
}

impl RawCliSession {
    pub(in crate::dialect) fn build(self) -> Result<CliSession, Problems> {
        let mut problems = self.contradictions();
        let mut one = |key: &str, text: &str| {
            Pattern::of_a_line(text).map_err(|problem| problems.push(format!("{key}: {problem}")))
        };
        let prompts = self.prompts.as_ref().and_then(|raw| {
            let above = raw.above.as_deref().map(|text| one("prompts.above", text));
            let user = raw.user.as_deref().map(|text| one("prompts.user", text));
            let configure = raw.configure.as_deref().map(|text| one("prompts.configure", text));
            let enable = one("prompts.enable", &raw.enable).ok()?;
            let [above, user, configure] = [above, user, configure].map(|pattern| pattern.and_then(Result::ok));
            Some(Prompts { above, user, enable, configure })
        });
        let login = self.login.as_ref().and_then(|raw| {
            let (name, password) = (one("login.name", &raw.name), one("login.password", &raw.password));
            Some(ShellLogin { name: name.ok()?, password: password.ok()? })
        });
        let press = self.press.as_deref().and_then(|text| one("press", text).ok());
        let pager = self.pager.as_deref().and_then(|text| one("pager", text).ok());
        let enable =
            self.enable.and_then(|raw| Some(Enable { ask: one("enable.ask", &raw.ask).ok()?, line: raw.line }));
        let questions = self.questions.into_iter().filter_map(|raw| {
            Some(Question { when: raw.when, ask: one("question.ask", &raw.ask).ok()?, answer: raw.answer })
        });
        let questions = questions.collect();
        let waiting = self
            .waiting
            .and_then(|raw| Some(Waiting { holds: one("waiting.holds", &raw.holds).ok()?, show: raw.show }));
        let candidate = self.candidate.and_then(|raw| {
            let confirming = raw.confirming.and_then(|raw| {
                let (entry, waits) = (one("confirming.entry", &raw.entry), one("confirming.waits", &raw.waits));
                Some(Confirming { line: raw.line, history: raw.history, entry: entry.ok()?, waits: waits.ok()? })
            });
            let locked = raw.locked.iter().filter_map(|text| one("candidate.locked", text).ok()).collect();
            let committed = one("candidate.committed", &raw.committed).ok()?;
            let (discard, inside, shows, fresh) = (raw.discard, raw.inside, raw.show, raw.fresh);
            Some(Candidate { discard, inside, shows, fresh, locked, committed, confirming })
        });
        let mut all = |key: &str, texts: &[String]| texts.iter().filter_map(|text| one(key, text).ok()).collect();
        let (noise, refused) = (all("noise", &self.noise), all("refused", &self.refused));
        let (harmless, known_good) = (all("harmless", &self.harmless), all("known-good", &self.known_good));
        if !problems.is_empty() {
            return Err(problems.into_iter().map(|problem| format!("cli.session.{problem}")).collect());
        }
        Ok(CliSession {
            transport: self.transport,
            columns: self.columns,
            enter: self.enter,
            pipelined: self.pipelined,
            prompts,
            login,
            press,
            pager,
            noise,
            prepare: self.prepare,
            enable,
            configure: self.configure,
            commit: self.commit,
            abort: self.abort,
            end: self.end,
            waiting,
            candidate,
            save: self.save,
            questions,
            refused,
            harmless,
            known_good,
        })
    }

    /// What does not go together, or is missing.
    fn contradictions(&self) -> Problems {
        let shell = self.transport == CliTransport::Shell;
        let modes = !self.configure.is_empty();
        let knows = |pattern: fn(&RawPrompts) -> &Option<String>| {
            self.prompts.as_ref().is_some_and(|prompts| pattern(prompts).is_some())
        };
        let checks = [
            (self.refused.is_empty(), "refused: no pattern tells a refusal"),
            (shell && self.prompts.is_none(), "prompts: a shell has some"),
            (!shell && self.prompts.is_some(), "prompts: a command has none"),
            (shell && self.columns < 80, "columns: 80 or more"),
            (self.enter != "\n" && self.enter != "\r" && self.enter != "\r\n", "enter: \\n, \\r or \\r\\n"),
            (modes && self.end.is_empty(), "end: configuration mode is never left"),
            (modes && shell && !knows(|prompts| &prompts.configure), "prompts.configure: its prompt is not known"),
            (
                !modes && !self.commit.is_empty() && self.candidate.is_none() && self.waiting.is_none(),
                "commit: there is no configuration mode, and what others entered is not told",
            ),
            (self.candidate.is_some() && self.commit.is_empty(), "candidate: nothing commits it"),
            (self.waiting.is_some() && (modes || self.commit.is_empty()), "waiting: nothing waits for a commit"),
            (self.commit.is_empty() && !self.abort.is_empty(), "abort: without commit nothing can be taken back"),
            (
                (modes || self.waiting.is_some()) && !self.commit.is_empty() && self.abort.is_empty(),
                "abort: what is not committed must be taken back",
            ),
            (
                self.pipelined && self.abort.is_empty(),
                "pipelined: lines behind one that is refused must be taken back with it, and no abort does",
            ),
            (
                self.enable.is_some() && !knows(|prompts| &prompts.user),
                "prompts.user: needed to see that enable failed",
            ),
            (self.lines().any(|line| line.chars().any(char::is_control)), "a line holds a control character"),
        ];
        checks.iter().filter(|(wrong, _)| *wrong).map(|(_, problem)| (*problem).to_owned()).collect()
    }

    fn lines(&self) -> impl Iterator<Item = &String> {
        let lists = [&self.prepare, &self.configure, &self.commit, &self.abort, &self.end, &self.save];
        let answers = self.questions.iter().map(|question| &question.answer);
        let waiting = self.waiting.iter().map(|own| &own.show);
        let candidate = self.candidate.iter().flat_map(|own| {
            let confirming = own.confirming.iter().flat_map(|own| [&own.line, &own.history]);
            own.discard.iter().chain(&own.show).chain(confirming)
        });
        lists
            .into_iter()
            .flatten()
            .chain(answers)
            .chain(waiting)
            .chain(candidate)
            .chain(self.enable.iter().map(|enable| &enable.line))
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;
    use crate::dialect::Level;

    const PLAIN: &str = r#"
        configure = ["configure terminal"]
        end = ["end"]
        refused = ["^% "]
        [prompts]
        user = '(?<host>[\w.-]+)>'
        enable = '(?<host>[\w.-]+)#'
        configure = '(?<host>[\w.-]+)\(config[^()]*\)#'
    "#;

    #[test]
    fn a_prompt_is_a_whole_line_and_tells_how_far_one_is_in() {
        let prompts = CliSession::from_str(PLAIN).unwrap().prompts.unwrap();
        assert_eq!(prompts.find("sw-1>"), Some((Level::User, Some("sw-1"))));
        assert_eq!(prompts.find("sw-1#"), Some((Level::Enable, Some("sw-1"))));
        assert_eq!(prompts.find("sw-1(config-if)#"), Some((Level::Configure, Some("sw-1"))));
        for other in ["", "sw-1", "sw-1# show", " description sw-1#", "--More--"] {
            assert_eq!(prompts.find(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_missing_or_does_not_go_together_is_said() {
        for (without, word) in [("refused = [\"^% \"]", "refused"), ("end = [\"end\"]", "end")] {
            let problems = CliSession::from_str(&PLAIN.replace(without, "")).unwrap_err();
            assert!(problems.iter().any(|problem| problem.starts_with(&format!("cli.session.{word}"))), "{problems:?}");
        }
        for (more, word) in [
            ("abort = [\"abort\"]", "without commit"),
            ("commit = [\"commit\"]", "taken back"),
            ("pipelined = true", "no abort does"),
            ("transport = \"exec\"", "a command has none"),
            ("columns = 20", "80 or more"),
            ("pager = \"(\"", "pager"),
            ("pager = \" *\"", "empty line"),
            ("prepare = [\"a\\nb\"]", "control character"),
        ] {
            let problems = CliSession::from_str(&format!("{more}\n{PLAIN}")).unwrap_err();
            assert!(problems.iter().any(|problem| problem.contains(word)), "{word}: {problems:?}");
        }
    }
}
