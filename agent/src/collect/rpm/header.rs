//! One rpm header as the database keeps it: an index of tags and a store of data (rpm's `doc/manual/format_v4`).
//! It does not know SQLite or packages; it finds the bytes of a tag.
//! Invariant: every offset and length is checked against the blob; a hostile one gives an error, never a panic.

/// `RPMTAG_NAME`.
pub(in crate::collect) const NAME: u32 = 1000;
/// `RPMTAG_VERSION`.
pub(in crate::collect) const VERSION: u32 = 1001;
/// `RPMTAG_RELEASE`.
pub(in crate::collect) const RELEASE: u32 = 1002;
/// `RPMTAG_EPOCH`.
pub(in crate::collect) const EPOCH: u32 = 1003;
/// `RPMTAG_INSTALLTIME`, in seconds since 1970.
pub(in crate::collect) const INSTALLTIME: u32 = 1008;
/// `RPMTAG_VENDOR`.
pub(in crate::collect) const VENDOR: u32 = 1011;
/// `RPMTAG_PACKAGER`.
pub(in crate::collect) const PACKAGER: u32 = 1015;
/// `RPMTAG_MODULARITYLABEL`.
pub(in crate::collect) const MODULARITYLABEL: u32 = 5096;
/// `RPMTAG_RSAHEADER`, `RPMTAG_DSAHEADER`, `RPMTAG_SIGPGP`, `RPMTAG_SIGGPG`: where a signature may be, the strongest first.
pub(in crate::collect) const SIGNATURES: [u32; 4] = [268, 267, 259, 262];
/// `RPMTAG_ARCH`.
pub(in crate::collect) const ARCH: u32 = 1022;
/// `RPMTAG_SOURCERPM`.
pub(in crate::collect) const SOURCERPM: u32 = 1044;

/// Data types of the format: a byte, a 32-bit number, a text, bytes, several texts, a text per language.
const TYPE_CHAR: u32 = 1;
const TYPE_INT32: u32 = 4;
const TYPE_STRING: u32 = 6;
const TYPE_BINARY: u32 = 7;
const TYPE_STRING_ARRAY: u32 = 8;
const TYPE_I18NSTRING: u32 = 9;

/// Tags in one header; rpm itself allows 65,535.
const TAGS_MAX: usize = 65_535;
/// Tag, type, offset, count: four big-endian numbers of 32 bits.
const TAG_BYTES: usize = 16;

/// Why a blob is no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::collect) enum HeaderError {
    /// The two lengths at the front do not fit the blob.
    #[error("the package's header is cut short")]
    Short,
    /// More tags than rpm itself allows.
    #[error("the package's header claims too many tags")]
    TooManyTags,
}

/// A header: `index` and `data` lie in the blob.
pub(in crate::collect) struct Header<'a> {
    index: &'a [u8],
    data: &'a [u8],
}

impl<'a> Header<'a> {
    /// Checks the outer lengths. The blob has no magic: two lengths, the index, the data.
    pub(in crate::collect) fn parse(blob: &'a [u8]) -> Result<Self, HeaderError> {
        let (tags, rest) = take_u32(blob).ok_or(HeaderError::Short)?;
        let (data_bytes, rest) = take_u32(rest).ok_or(HeaderError::Short)?;
        let tags = usize::try_from(tags).map_err(|_| HeaderError::TooManyTags)?;
        if tags > TAGS_MAX {
            return Err(HeaderError::TooManyTags);
        }
        let data_bytes = usize::try_from(data_bytes).map_err(|_| HeaderError::Short)?;
        let (index, rest) = rest.split_at_checked(tags * TAG_BYTES).ok_or(HeaderError::Short)?;
        let data = rest.get(..data_bytes).ok_or(HeaderError::Short)?;
        Ok(Self { index, data })
    }

    /// The first text of a tag, without its closing zero; absent when the tag is, or is no text, or has no end.
    pub(in crate::collect) fn text(&self, tag: u32) -> Option<&'a [u8]> {
        let (kind, bytes) = self.find(tag)?;
        if !matches!(kind, TYPE_STRING | TYPE_I18NSTRING) {
            return None;
        }
        bytes.get(..memchr::memchr(0, bytes)?)
    }

    /// The first 32-bit number of a tag.
    pub(in crate::collect) fn number(&self, tag: u32) -> Option<u32> {
        let (kind, bytes) = self.find(tag)?;
        if kind == TYPE_INT32 { take_u32(bytes).map(|(number, _)| number) } else { None }
    }

    /// Every text of a tag that has several, in order.
    pub(in crate::collect) fn texts(&self, tag: u32) -> impl Iterator<Item = &'a [u8]> {
        let found = self.find_counted(tag).filter(|(kind, _, _)| *kind == TYPE_STRING_ARRAY);
        let (count, bytes) = found.map_or((0, &[][..]), |(_, count, bytes)| (count, bytes));
        bytes.split(|byte| *byte == 0).take(count)
    }

    /// Every 32-bit number of a tag, in order.
    pub(in crate::collect) fn numbers(&self, tag: u32) -> impl Iterator<Item = u32> {
        let found = self.find_counted(tag).filter(|(kind, _, _)| *kind == TYPE_INT32);
        let (count, bytes) = found.map_or((0, &[][..]), |(_, count, bytes)| (count, bytes));
        bytes.chunks_exact(4).take(count).filter_map(|four| Some(take_u32(four)?.0))
    }

    /// The single bytes of a tag.
    pub(in crate::collect) fn bytes(&self, tag: u32) -> Option<&'a [u8]> {
        let (_, count, bytes) = self.find_counted(tag).filter(|(kind, _, _)| *kind == TYPE_CHAR)?;
        bytes.get(..count)
    }

    /// The bytes of a binary tag.
    pub(in crate::collect) fn binary(&self, tag: u32) -> Option<&'a [u8]> {
        let (_, count, bytes) = self.find_counted(tag).filter(|(kind, _, _)| *kind == TYPE_BINARY)?;
        bytes.get(..count)
    }

    /// Type and data of a tag, from its offset to the end of the store.
    fn find(&self, wanted: u32) -> Option<(u32, &'a [u8])> {
        self.find_counted(wanted).map(|(kind, _, bytes)| (kind, bytes))
    }

    /// The same, with the number of values.
    fn find_counted(&self, wanted: u32) -> Option<(u32, usize, &'a [u8])> {
        self.index.chunks_exact(TAG_BYTES).find_map(|entry| {
            let (tag, rest) = take_u32(entry)?;
            let (kind, rest) = take_u32(rest)?;
            let (offset, rest) = take_u32(rest)?;
            let (count, _) = take_u32(rest)?;
            if tag != wanted || count == 0 {
                return None;
            }
            Some((kind, usize::try_from(count).ok()?, self.data.get(usize::try_from(offset).ok()?..)?))
        })
    }
}

fn take_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (first, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*first), rest))
}
