//! A repository's list of advisories, `updateinfo.xml`, and the `repomd.xml` that says where it is and of which day.
//! It does not know what is installed, nor which repositories are asked.
//! Invariant: a list of any size costs one element of memory; what is no whole document is an error, never a short list.
//! Forms: createrepo_c writes both; libzypp's `updateinfo.rnc` describes the first.

use daicho_schemas::time::{CalendarDate, UtcMicros};
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use std::io::{self, BufRead, Read};

/// One tag or text; the longest real descriptions have some 100 kB.
const PIECE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// One list, unpacked; those of whole distributions have some 200 MB.
const LIST_BYTES_MAX: usize = 2 * 1024 * 1024 * 1024;
/// Elements within elements; a package stands in the fifth.
const DEPTH_MAX: usize = 32;

/// Why a list could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum UpdateinfoError {
    /// Reading or unpacking failed, or a limit was passed.
    #[error("the list of advisories is damaged or could not be read to its end")]
    Read(#[from] io::Error),
    /// It is no XML, or stops in the middle.
    #[error("the list of advisories is no whole XML document")]
    Malformed,
}

impl From<quick_xml::Error> for UpdateinfoError {
    fn from(_: quick_xml::Error) -> Self {
        Self::Malformed
    }
}

impl From<quick_xml::events::attributes::AttrError> for UpdateinfoError {
    fn from(_: quick_xml::events::attributes::AttrError) -> Self {
        Self::Malformed
    }
}

/// A package that an advisory names: who has an older one of this name and architecture lacks the update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fixed {
    pub(super) name: String,
    pub(super) architecture: String,
    /// As [`Package::version`](daicho_schemas::fact::observation::Package::version) is written: `1:2.3-4.el9`, without an epoch of 0.
    pub(super) version: String,
    /// `name:stream` of the module that it belongs to.
    pub(super) module: Option<String>,
}

/// Calls `each` for every package of every security advisory that was not taken back.
pub(super) fn for_each_fixed(list: Box<dyn BufRead>, mut each: impl FnMut(Fixed)) -> Result<(), UpdateinfoError> {
    let (mut is_security, mut module) = (false, None);
    for_each_piece(list, |piece| {
        let Piece::Begins(tag) = piece else { return Ok(()) };
        match tag.local_name().as_ref() {
            "update" => {
                let taken_back = attribute(tag, "status")?.is_some_and(|status| status == "retracted");
                is_security = attribute(tag, "type")?.is_some_and(|sort| sort == "security") && !taken_back;
            }
            "collection" => module = None,
            "module" => {
                let (name, stream) = (attribute(tag, "name")?, attribute(tag, "stream")?);
                module = name.zip(stream).map(|(name, stream)| format!("{name}:{stream}"));
            }
            "package" if is_security => {
                let [name, version, release, architecture] =
                    ["name", "version", "release", "arch"].map(|key| attribute(tag, key));
                let (Some(name), Some(version), Some(release), Some(architecture)) =
                    (name?, version?, release?, architecture?)
                else {
                    return Err(UpdateinfoError::Malformed);
                };
                let version = match attribute(tag, "epoch")?.as_deref() {
                    None | Some("" | "0") => format!("{version}-{release}"),
                    Some(epoch) => format!("{epoch}:{version}-{release}"),
                };
                each(Fixed { name, architecture, version, module: module.clone() });
            }
            _ => {}
        }
        Ok(())
    })
}

/// Where the list of advisories is and when it was made, as `repomd.xml` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Advisories {
    /// The file's name, without a folder.
    pub(super) file: String,
    pub(super) made_on: Option<CalendarDate>,
}

/// What `repomd.xml` says of advisories; `None` where the repository has none.
pub(super) fn advisories(repomd: Box<dyn BufRead>) -> Result<Option<Advisories>, UpdateinfoError> {
    let (mut inside, mut in_time) = (false, false);
    let (mut file, mut made) = (None, String::new());
    for_each_piece(repomd, |piece| {
        match piece {
            Piece::Begins(tag) if tag.local_name().as_ref() == "data" => {
                inside = attribute(tag, "type")?.is_some_and(|sort| sort == "updateinfo");
            }
            Piece::Begins(tag) if inside && tag.local_name().as_ref() == "location" => {
                let place = attribute(tag, "href")?;
                file = place.and_then(|place| place.rsplit('/').next().map(str::to_owned));
            }
            Piece::Begins(tag) => in_time = inside && tag.local_name().as_ref() == "timestamp",
            Piece::Text(text) if in_time => made.push_str(text),
            Piece::Text(_) => {}
            Piece::Ends(name) => {
                in_time = false;
                inside &= name != "data";
            }
        }
        Ok(())
    })?;
    // `1762300000` or `1762300000.25`: seconds since 1970.
    let seconds = made.trim().split('.').next().and_then(|seconds| seconds.parse::<i64>().ok());
    let made = seconds.and_then(|seconds| UtcMicros::from_micros(seconds.checked_mul(1_000_000)?).ok());
    let file = file.filter(|file| !file.is_empty());
    Ok(file.map(|file| Advisories { file, made_on: made.map(UtcMicros::date_in_japan) }))
}

/// A piece of a document.
enum Piece<'a> {
    Begins(&'a BytesStart<'a>),
    Text(&'a str),
    Ends(&'a str),
}

/// Walks a document from its root's beginning to its end.
fn for_each_piece(
    document: Box<dyn BufRead>,
    mut each: impl FnMut(Piece<'_>) -> Result<(), UpdateinfoError>,
) -> Result<(), UpdateinfoError> {
    let mut reader = Reader::from_reader(Bounded { own: document, piece_left: PIECE_BYTES_MAX, left: LIST_BYTES_MAX });
    let (mut depth, mut roots) = (0_usize, 0_usize);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        reader.get_mut().piece_left = PIECE_BYTES_MAX;
        match reader.read_event_into(&mut buffer)? {
            Event::Start(tag) => {
                roots += usize::from(depth == 0);
                depth += 1;
                if depth > DEPTH_MAX || roots > 1 {
                    return Err(UpdateinfoError::Malformed);
                }
                each(Piece::Begins(&tag))?;
            }
            Event::Empty(tag) => {
                if depth == 0 {
                    roots += 1;
                }
                each(Piece::Begins(&tag))?;
                each(Piece::Ends(tag.local_name().as_ref()))?;
            }
            Event::End(tag) => {
                depth = depth.checked_sub(1).ok_or(UpdateinfoError::Malformed)?;
                each(Piece::Ends(tag.local_name().as_ref()))?;
            }
            Event::Text(text) => each(Piece::Text(&text))?,
            Event::Eof if depth == 0 && roots == 1 => return Ok(()),
            Event::Eof => return Err(UpdateinfoError::Malformed),
            // Entities of one's own could stand for anything.
            Event::DocType(_) => return Err(UpdateinfoError::Malformed),
            _ => {}
        }
    }
}

/// An attribute's value, with XML's own five entities resolved.
fn attribute(tag: &BytesStart<'_>, key: &str) -> Result<Option<String>, UpdateinfoError> {
    let Some(found) = tag.try_get_attribute(key)? else { return Ok(None) };
    let value = quick_xml::escape::unescape(&found.value).map_err(|_| UpdateinfoError::Malformed)?;
    Ok(Some(value.into_owned()))
}

/// A reader that fails where one piece, or all together, is too large.
struct Bounded {
    own: Box<dyn BufRead>,
    piece_left: usize,
    left: usize,
}

impl Read for Bounded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let own = self.fill_buf()?;
        let count = own.len().min(into.len());
        for (to, from) in into.iter_mut().zip(own) {
            *to = *from;
        }
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Bounded {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let limit = self.piece_left.min(self.left);
        if limit == 0 {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let own = self.own.fill_buf()?;
        Ok(own.get(..limit).unwrap_or(own))
    }

    fn consume(&mut self, count: usize) {
        self.piece_left = self.piece_left.saturating_sub(count);
        self.left = self.left.saturating_sub(count);
        self.own.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    const LIST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<updates>
  <update from="a@vendor.example" status="final" type="security" version="2">
    <id>EXAMPLE-2026:0001</id><title>one &amp; two</title><description>text &lt;b&gt;</description>
    <pkglist><collection short="BASE"><name>Base</name>
      <package name="libexample" version="2.0" release="3.el9" epoch="0" arch="x86_64" src="x"><filename>y</filename></package>
      <package name="tool" version="1" release="1" epoch="2" arch="noarch"/>
    </collection>
    <collection short="APP"><module name="nodejs" stream="18" version="1" context="c" arch="x86_64"/>
      <package name="nodejs" version="18.20.4" release="1.module" epoch="1" arch="x86_64"/>
    </collection></pkglist>
  </update>
  <update status="final" type="bugfix"><pkglist><collection><package name="other" version="1" release="1" arch="noarch"/></collection></pkglist></update>
  <update status="retracted" type="security"><pkglist><collection><package name="back" version="1" release="1" arch="noarch"/></collection></pkglist></update>
</updates>"#;

    fn read(text: &[u8]) -> Result<Vec<String>, UpdateinfoError> {
        let mut found = Vec::new();
        for_each_fixed(Box::new(Cursor::new(text.to_vec())), |fixed| {
            let Fixed { name, architecture, version, module } = fixed;
            found.push(format!("{name} {version} {architecture} {}", module.unwrap_or_default()).trim_end().to_owned());
        })?;
        Ok(found)
    }

    #[test]
    fn packages_of_security_advisories_are_read_with_their_module() {
        let expected =
            ["libexample 2.0-3.el9 x86_64", "tool 2:1-1 noarch", "nodejs 1:18.20.4-1.module x86_64 nodejs:18"];
        assert_eq!(read(LIST.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn a_list_that_stops_anywhere_is_an_error() {
        for end in 0..LIST.len() - 1 {
            assert!(read(&LIST.as_bytes()[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn hostile_lists_are_errors() {
        let deep = "<a>".repeat(DEPTH_MAX + 1);
        let entity = "<!DOCTYPE a [<!ENTITY b \"c\">]><updates/>";
        let nameless = "<updates><update type=\"security\"><package version=\"1\"/></update></updates>";
        for text in [deep.as_str(), entity, nameless, "<a/><b/>", "", "text", "<a b=\"&x;\" type=\"&y;\"/><"] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        let endless = Box::new(io::BufReader::new(io::Read::chain(&b"<updates>"[..], io::repeat(b'x'))));
        assert!(for_each_fixed(endless, |_| {}).is_err());
    }

    #[test]
    fn the_place_and_the_day_of_a_list_are_told() {
        let repomd = |data: &str| {
            let text = format!("<repomd xmlns=\"x\"><revision>1</revision>{data}</repomd>");
            advisories(Box::new(Cursor::new(text.into_bytes()))).unwrap()
        };
        let other = "<data type=\"primary\"><location href=\"repodata/p.xml.gz\"/><timestamp>1</timestamp></data>";
        let own = "<data type=\"updateinfo\"><checksum>c</checksum><location href=\"repodata/u.xml.gz\"/>\
            <timestamp>1793836800</timestamp><size>7</size></data>";
        assert_eq!(repomd(other), None);
        let found = repomd(&format!("{other}{own}{other}")).unwrap();
        assert_eq!((found.file.as_str(), found.made_on.unwrap().to_string().as_str()), ("u.xml.gz", "2026-11-05"));
    }
}
