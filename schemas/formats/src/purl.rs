//! Package URLs (<https://github.com/package-url/purl-spec>, ECMA-427): written for a package, and taken apart.
//! It does not know which package managers a host has.
//! Invariant: what is written reads back as the same name, version and architecture.

use daicho_schemas::fact::observation::{Ecosystem, LanguageEcosystem, LanguagePackage, Package};
use packageurl::PackageUrl;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::str::FromStr as _;

/// The package URL of a package: the distribution (`ID` of os-release) is the namespace; rpm's epoch is a qualifier; names of
/// apk and alpm are in lower case. None for package managers that have no type of package URL.
pub fn of_package(package: &Package, os_id: Option<&str>) -> Option<String> {
    let kind = package.ecosystem.purl_type()?;
    let namespace = os_id.map(|id| format!("{}/", encoded(&id.to_lowercase()))).unwrap_or_default();
    let (epoch, version) = match (package.ecosystem, package.version.split_once(':')) {
        (Ecosystem::Rpm, Some((epoch, version))) => (Some(epoch), version),
        _ => (None, package.version.as_str()),
    };
    let mut qualifiers = Vec::new();
    qualifiers.extend(package.architecture.as_deref().map(|arch| format!("arch={}", encoded(arch))));
    qualifiers.extend(epoch.map(|epoch| format!("epoch={}", encoded(epoch))));
    let question = if qualifiers.is_empty() { "" } else { "?" };
    let name = match package.ecosystem {
        Ecosystem::Apk | Ecosystem::Pacman => package.name.to_lowercase(),
        _ => package.name.clone(),
    };
    let (name, version) = (encoded(&name), encoded(version));
    Some(format!("pkg:{kind}/{namespace}{name}@{version}{question}{}", qualifiers.join("&")))
}

/// The package URL of a package of a programming language. Maven's needs a group, which not every archive tells; names are spelled as each
/// type of the specification wants them.
pub fn of_language_package(package: &LanguagePackage) -> Option<String> {
    use LanguageEcosystem::{Cargo, Composer, Gem, Golang, Maven, Npm, Pypi};
    let name = match package.ecosystem {
        Maven => format!("{}/{}", package.group.as_deref()?, package.name),
        Pypi => package.name.to_lowercase().replace('_', "-"),
        Composer | Golang => package.name.to_lowercase(),
        Npm | Gem | Cargo => package.name.clone(),
    };
    let parts: Vec<String> = name.split('/').map(|part| encoded(part).to_string()).collect();
    let version = package.version.as_deref().map(|version| format!("@{}", encoded(version))).unwrap_or_default();
    Some(format!("pkg:{}/{}{version}", package.ecosystem.as_str(), parts.join("/")))
}

/// What is escaped in a purl (ECMA-427, percent-encoding).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'~').remove(b':');

fn encoded(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, ESCAPED)
}

/// What a package URL says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The type: `deb`, `npm`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The full version, with rpm's epoch in front.
    pub version: Option<String>,
    /// The architecture.
    pub architecture: Option<String>,
    /// The source package, where the qualifier `upstream` names one without a version.
    pub upstream: Option<String>,
}

/// Takes a package URL apart; nothing for what is none.
pub fn said(text: &str) -> Option<Said> {
    let purl = PackageUrl::from_str(text).ok()?;
    let qualifier = |name: &str| purl.qualifiers().get(name).map(|value| value.to_string());
    let epoch = qualifier("epoch").filter(|_| purl.ty() == "rpm");
    let version = purl.version().filter(|version| !version.is_empty());
    let version = version.map(|version| match epoch {
        Some(epoch) if !version.contains(':') => format!("{epoch}:{version}"),
        _ => version.to_string(),
    });
    Some(Said {
        kind: purl.ty().to_string(),
        name: purl.name().to_string(),
        version,
        architecture: qualifier("arch").filter(|word| !word.is_empty()),
        upstream: qualifier("upstream"),
    })
}

/// The package manager whose packages a type of package URL names, where we know it.
pub fn ecosystem(kind: &str) -> Option<Ecosystem> {
    Ecosystem::ALL.into_iter().find(|ecosystem| ecosystem.purl_type() == Some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_schemas::fact::observation::{PackageState, Provenance};

    #[test]
    fn what_is_written_reads_back() {
        for (ecosystem, version) in [(Ecosystem::Deb, "1:2.0+dfsg-1~bpo"), (Ecosystem::Rpm, "1:2.0-1.el9")] {
            let package = Package {
                ecosystem,
                name: "libstdc++6".into(),
                version: version.into(),
                architecture: Some("amd64".into()),
                state: PackageState::Installed,
                source: None,
                maintainer: None,
                vendor: None,
                multi_arch: None,
                provenance: Provenance::default(),
            };
            let said = said(&of_package(&package, Some("Debian")).unwrap()).unwrap();
            assert_eq!(said.version.as_deref(), Some(version));
            assert_eq!((said.name.as_str(), said.architecture.as_deref()), ("libstdc++6", Some("amd64")));
            assert_eq!(super::ecosystem(&said.kind), Some(ecosystem));
        }
        assert_eq!(said("no purl"), None);
        assert_eq!(ecosystem("swid"), None);
    }
}
