//! Paths as Windows and installers write them, as paths of the machine: `C:\\Users\\a` is `/Users/a`, `%SystemRoot%\\x` is `/Windows/x`.
//! It does not know whether anything is there, nor an account's own variables.
//! Invariant: the text is all that it looks at; what it does not know stays as it is written, with `/` between names.

/// Variables that every Windows has, and where they point on the system volume (Microsoft, "Recognized environment variables").
const VARIABLES: [(&str, &str); 10] = [
    ("%systemroot%", "/Windows"),
    ("%windir%", "/Windows"),
    ("/systemroot", "/Windows"),
    ("%systemdrive%", ""),
    ("%programfiles%", "/Program Files"),
    ("%programfiles(x86)%", "/Program Files (x86)"),
    ("%commonprogramfiles%", "/Program Files/Common Files"),
    ("%programdata%", "/ProgramData"),
    ("%allusersprofile%", "/ProgramData"),
    ("%public%", "/Users/Public"),
];

/// A path that Windows wrote, as a path of the machine: `/Users/a` on the system volume, `D:/b` on another one. Which volume the system is
/// on is not asked here: `C:` it is on all but odd machines. What begins with a variable of an account, or with no folder at all, stays as
/// it is. None where nothing is left: a volume alone is no path.
pub(crate) fn machine_path(written: &str) -> Option<String> {
    let path = written.trim().trim_matches('"').replace('\\', "/");
    let path = path.strip_prefix("/??/").or_else(|| path.strip_prefix("//?/")).unwrap_or(&path);
    let known = VARIABLES.iter().find_map(|(name, meant)| after(path, name).map(|rest| format!("{meant}{rest}")));
    let path = known
        .or_else(|| on_volume(path))
        // The manager of services looks for drivers from the folder of Windows on.
        .or_else(|| after(path, "system32").map(|rest| format!("/Windows/System32{rest}")))
        .unwrap_or_else(|| path.to_owned());
    (!path.is_empty()).then_some(path)
}

/// [`machine_path`] of what lies on a volume of this machine, without a separator at its end; none for what is elsewhere or unknown.
pub(crate) fn local_path(written: &str) -> Option<String> {
    let path = machine_path(written)?;
    let path = path.trim_end_matches('/');
    is_local(path).then(|| path.to_owned())
}

/// [`local_path`] of what lies on the system volume.
pub(super) fn on_system_volume(written: &str) -> Option<String> {
    local_path(written).filter(|path| path.starts_with('/'))
}

fn is_local(path: &str) -> bool {
    let volume =
        path.get(1..).is_some_and(|rest| rest.starts_with(":/")) && path.starts_with(|c: char| c.is_ascii_alphabetic());
    volume || (path.starts_with('/') && !path.starts_with("//"))
}

/// What follows the first name of a path, where it is this one without regard to case.
fn after<'a>(path: &'a str, start: &str) -> Option<&'a str> {
    let (head, rest) = path.split_at_checked(start.len())?;
    (head.eq_ignore_ascii_case(start) && (rest.is_empty() || rest.starts_with('/'))).then_some(rest)
}

/// `C:/a` as `/a`, `d:/a` as `D:/a`. Windows Installer writes `C?/a` and `C:?/a` where a file is not to be mended.
fn on_volume(path: &str) -> Option<String> {
    let letter = path.chars().next().filter(char::is_ascii_alphabetic)?;
    let rest = path.get(1..)?;
    let rest = rest.strip_prefix([':', '?'])?.trim_start_matches('?');
    if !rest.is_empty() && !rest.starts_with('/') {
        return None;
    }
    Some(if letter.eq_ignore_ascii_case(&'c') {
        rest.to_owned()
    } else {
        format!("{}:{rest}", letter.to_ascii_uppercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_windows_writes_is_a_path_of_the_machine() {
        for (written, path) in [
            (r"C:\Users\a", "/Users/a"),
            (r"%SystemDrive%\Users\a", "/Users/a"),
            (r"%systemroot%\system32\config\systemprofile", "/Windows/system32/config/systemprofile"),
            (r"\SystemRoot\System32\drivers\a.sys", "/Windows/System32/drivers/a.sys"),
            (r"system32\drivers\a.sys", "/Windows/System32/drivers/a.sys"),
            (r"%ProgramFiles(x86)%\a\b.exe", "/Program Files (x86)/a/b.exe"),
            (r"\??\d:\x\a.sys", "D:/x/a.sys"),
            (r"\\?\C:\x", "/x"),
            (r"C:?\Oracle\a.dll", "/Oracle/a.dll"),
            (r"C?\Oracle\a.dll", "/Oracle/a.dll"),
            (r"\\server\share\a.exe", "//server/share/a.exe"),
            (r"%AppData%\a.exe", "%AppData%/a.exe"),
            ("rundll32.exe", "rundll32.exe"),
            ("あ:", "あ:"),
        ] {
            assert_eq!(machine_path(written).as_deref(), Some(path), "{written}");
        }
        for nothing in ["", "  ", "C:", "%SystemDrive%"] {
            assert_eq!(machine_path(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn what_is_not_on_a_volume_of_the_machine_is_not_local() {
        assert_eq!(local_path(r"D:\PACS\").as_deref(), Some("D:/PACS"));
        assert_eq!(on_system_volume(r"%SystemDrive%\Users\a").as_deref(), Some("/Users/a"));
        assert_eq!(on_system_volume(r"D:\Users\a"), None);
        for elsewhere in [r"\\server\share\x", "%AppData%\\a", "a.exe", "C:\\", "あ:/a", "D:x", ""] {
            assert_eq!(local_path(elsewhere), None, "{elsewhere}");
        }
    }
}
