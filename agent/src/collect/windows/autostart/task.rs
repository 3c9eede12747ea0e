//! One definition of a task (Microsoft, "Task Scheduler Schema"): what the Task Scheduler would start, by which sorts of triggers, as whom.
//! It does not know the host. Invariant: as deep as the schema and a little more, no document type, no entity but those of XML itself.

use quick_xml::events::Event;
use quick_xml::reader::Reader;
use std::collections::BTreeSet;

/// Elements within elements; the schema has six.
const DEPTH_MAX: usize = 32;
/// Elements of one definition; those of Windows have some fifty.
const ELEMENTS_MAX: usize = 10_000;

/// What a definition says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Task {
    /// It is switched off.
    pub(super) is_off: bool,
    /// The first command.
    pub(super) command: Option<String>,
    /// The first account or group.
    pub(super) account: Option<String>,
    /// Sorts of triggers, as the schema names them: `BootTrigger`.
    pub(super) triggers: BTreeSet<String>,
}

/// Reads a definition; none where it is no whole one.
pub(super) fn read(bytes: &[u8]) -> Option<Task> {
    let text = decoded(bytes)?;
    let mut reader = Reader::from_str(&text);
    let mut task = Task::default();
    let mut open: Vec<String> = Vec::new();
    let mut words = String::new();
    for _ in 0..ELEMENTS_MAX {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                open.push(start.local_name().as_ref().to_owned());
                if open.len() > DEPTH_MAX || open.first().is_some_and(|root| root != "Task") {
                    return None;
                }
                words.clear();
                task.begins(&open);
            }
            Event::Empty(start) => {
                open.push(start.local_name().as_ref().to_owned());
                task.begins(&open);
                open.pop();
            }
            Event::Text(text) => words.push_str(&text.xml10_content()),
            Event::CData(text) => words.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => words.push(letter(&reference)?),
            Event::End(_) => {
                task.ends(&open, words.trim());
                words.clear();
                open.pop()?;
                if open.is_empty() {
                    return Some(task);
                }
            }
            Event::DocType(_) | Event::Eof => return None,
            _ => {}
        }
    }
    None
}

impl Task {
    fn begins(&mut self, open: &[String]) {
        if let [_, triggers, name] = open
            && triggers == "Triggers"
        {
            self.triggers.insert(name.clone());
        }
    }

    fn ends(&mut self, open: &[String], words: &str) {
        let path: Vec<&str> = open.iter().skip(1).map(String::as_str).collect();
        let first = |known: &mut Option<String>| {
            if known.is_none() && !words.is_empty() {
                *known = Some(words.to_owned());
            }
        };
        match path.as_slice() {
            ["Settings", "Enabled"] => self.is_off = words == "false",
            ["Actions", "Exec", "Command"] => first(&mut self.command),
            ["Principals", "Principal", "UserId" | "GroupId"] => first(&mut self.account),
            _ => {}
        }
    }
}

/// The text of a definition: Windows writes UTF-16 with a mark, people UTF-8.
fn decoded(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => {
            let units: Vec<u16> = rest.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
            String::from_utf16(&units).ok()
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        bytes => String::from_utf8(bytes.to_vec()).ok(),
    }
}

/// What a reference stands for; none of one that XML itself does not know.
fn letter(reference: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Ok(Some(letter)) = reference.resolve_char_ref() {
        return Some(letter);
    }
    match reference.xml10_content().as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_says_what_is_started() {
        let xml = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><Task xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\
                   <Triggers><LogonTrigger/><BootTrigger><Enabled>false</Enabled></BootTrigger></Triggers>\
                   <Principals><Principal id=\"Author\"><GroupId>S-1-5-32-544</GroupId></Principal></Principals>\
                   <Settings><ExecutionTimeLimit>PT1H</ExecutionTimeLimit><Enabled>true</Enabled></Settings>\
                   <Actions><Exec a='b'><Command> C:\\x &amp;lt; &#121;.exe </Command></Exec><Exec><Command>z</Command></Exec></Actions></Task>";
        let wanted = Task {
            is_off: false,
            command: Some("C:\\x &lt; y.exe".into()),
            account: Some("S-1-5-32-544".into()),
            triggers: BTreeSet::from(["BootTrigger".into(), "LogonTrigger".into()]),
        };
        assert_eq!(read(xml.as_bytes()), Some(wanted));
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(xml.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(read(&utf16), read(xml.as_bytes()));
        for end in 0..xml.len() - 1 {
            assert_eq!(read(&xml.as_bytes()[..end]), None, "{end}");
        }
    }

    #[test]
    fn what_is_no_definition_is_none() {
        let deep = format!("<Task>{}", "<a>".repeat(100_000));
        let many = format!("<Task>{}</Task>", "<a/>".repeat(100_000));
        let entity = "<!DOCTYPE Task [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><Task>&x;</Task>";
        for odd in ["", "<Job></Job>", "<Task>&unknown;</Task>", "<Task></Job>", &deep, &many, entity] {
            assert_eq!(read(odd.as_bytes()), None, "{}", odd.get(..40).unwrap_or(odd));
        }
    }
}
