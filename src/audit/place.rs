//! Where the lines go.

use std::io::{self, Write as _};

use serde_json::{Map, Value};

use super::{
    chain::Last,
    datagrams::{Datagrams, Form},
    file::LogFile,
};
use crate::config::AuditPlace;

/// A place for lines, and the last of them.
pub(super) struct Place {
    sink: Sink,
    last: Last,
}

enum Sink {
    StandardOutput,
    File(LogFile),
    Datagrams(Datagrams),
}

impl Place {
    /// The place of the settings; a file is made if it is not there.
    ///
    /// # Errors
    /// A file cannot be opened, holds something else, or another process writes to it.
    pub(super) fn open(place: &AuditPlace) -> io::Result<Self> {
        let (sink, last) = match place {
            AuditPlace::StandardOutput => (Sink::StandardOutput, Last::default()),
            AuditPlace::File(path) => {
                let (file, last) = LogFile::open(path.clone())?;
                (Sink::File(file), last.unwrap_or_default())
            }
            AuditPlace::Syslog(path) => {
                (Sink::Datagrams(Datagrams::local(path.clone(), Form::syslog())), Last::default())
            }
            AuditPlace::SyslogUdp(address) => {
                (Sink::Datagrams(Datagrams::udp(*address, Form::syslog())), Last::default())
            }
            AuditPlace::Journald(path) => {
                (Sink::Datagrams(Datagrams::local(path.clone(), Form::Journald)), Last::default())
            }
        };
        Ok(Self { sink, last })
    }

    /// Appends a record; where `to_disk`, a file has it on the disk then.
    pub(super) fn append(&mut self, mut record: Map<String, Value>, to_disk: bool) -> io::Result<()> {
        match &mut self.sink {
            Sink::StandardOutput => {
                let (line, last) = self.last.next(record);
                let mut output = io::stdout().lock();
                output.write_all((line + "\n").as_bytes())?;
                output.flush()?;
                self.last = last;
            }
            Sink::File(file) => {
                if let Some(last) = file.follow()? {
                    self.last = last;
                }
                let (line, last) = self.last.next(record);
                file.append(line, to_disk)?;
                self.last = last;
            }
            Sink::Datagrams(daemon) => {
                daemon.fit(&mut record);
                let told = |key: &str| record.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
                let (time, event) = (told("time"), told("event"));
                let (line, last) = self.last.next(record);
                daemon.send(&time, &event, &line)?;
                self.last = last;
            }
        }
        Ok(())
    }

    /// Whether a line could be written, as far as can be told without writing one.
    pub(super) fn probe(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::StandardOutput => Ok(()),
            Sink::File(file) => {
                if let Some(last) = file.follow()? {
                    self.last = last;
                }
                file.has_room()
            }
            Sink::Datagrams(daemon) => daemon.is_there(),
        }
    }
}
