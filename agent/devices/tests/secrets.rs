//! No secret of a sample comes out. It does not know which words are secret: each sample's `secrets.txt` does.
//! Invariant: what is searched is all that leaves the crate, as JSON and as Debug.

use super::samples;

/// The readings or the refusal, in every form in which somebody could print them.
fn printed(bytes: &[u8]) -> String {
    let mut printed = String::new();
    let families = daicho_devices::families();
    let file = match daicho_devices::File::of(bytes) {
        Ok(file) => file,
        Err(refused) => return format!("{refused:?} {refused}"),
    };
    let all = std::iter::once(file.read()).chain(families.iter().map(|family| file.read_as(family)));
    for outcome in all {
        match outcome {
            Ok(readings) => {
                printed += &serde_json::to_string(&readings).unwrap();
                printed += &format!("{readings:?}");
            }
            Err(refused) => printed += &format!("{refused:?} {refused}"),
        }
    }
    printed
}

#[test]
fn no_secret_comes_out() {
    for sample in samples::all() {
        let named = std::fs::read_to_string(sample.folder.join("secrets.txt")).unwrap_or_default();
        let text = String::from_utf8_lossy(&sample.bytes).replace('\0', "");
        // Whatever looks made up as a secret has to be named, too.
        for word in text.split(|c: char| c.is_whitespace() || "\"'<>=;:,".contains(c)) {
            let made_up = word.contains("EXAMPLE-SECRET") || word.contains("EXAMPLESECRET");
            assert!(!made_up || named.lines().any(|line| word.contains(line.trim())), "{}: {word}", sample.name);
        }
        let printed = printed(&sample.bytes);
        for secret in named.lines().map(str::trim).filter(|line| !line.is_empty()) {
            assert!(text.contains(secret) || sample.bytes.contains(&0), "{}: {secret} is not in it", sample.name);
            assert!(!printed.contains(secret), "{}: {secret} comes out", sample.name);
        }
    }
}

/// The same for every beginning of a sample: a statement that is cut off must not turn a secret into a name.
#[test]
fn no_secret_comes_out_of_a_part() {
    for sample in samples::all() {
        let named = std::fs::read_to_string(sample.folder.join("secrets.txt")).unwrap_or_default();
        let secrets: Vec<&str> = named.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let step = (sample.bytes.len() / 60).max(1);
        for end in (0..sample.bytes.len()).step_by(step) {
            for part in [&sample.bytes[..end], &sample.bytes[end..]] {
                let printed = printed(part);
                for secret in &secrets {
                    assert!(!printed.contains(secret), "{} cut at {end}: {secret} comes out", sample.name);
                }
            }
        }
    }
}
