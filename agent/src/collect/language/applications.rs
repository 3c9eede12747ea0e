//! Which application a file belongs to: the war, the virtual environment, the product's own folder.
//! It does not know packages, and looks at paths and nothing else.
//! Invariant: one path gives one application, whatever else lies on the host.

/// Folders whose first names below are products of their own (FHS 3.0: `/opt`, `/srv`; `/var/www` by custom).
const OF_PRODUCTS: &[&str] = &["/opt/", "/srv/", "/var/www/"];
/// Folders inside a product, which is meant as a whole.
const INSIDE: &[&str] = &["lib", "libs", "jars", "plugins", "modules", "ext", "bin", "sbin", "target"];
/// Endings of Java applications that are deployed as one file, or as a folder of that name.
const DEPLOYED: &[&str] = &[".war", ".ear", ".sar"];

/// The application of a Java archive. An unpacked war counts as the folder that holds its `WEB-INF`.
pub(super) fn of_archive(path: &str) -> String {
    let mut end = 0;
    for name in path.split('/') {
        if name == "WEB-INF" && end > 1 {
            return path.get(..end - 1).unwrap_or(path).to_owned();
        }
        end += name.len();
        if DEPLOYED.iter().any(|ending| name.ends_with(ending)) {
            return path.get(..end).unwrap_or(path).to_owned();
        }
        end += 1;
    }
    of_file(path)
}

/// The application of any file: the product's folder where there is one, else the folder around it, else the file itself.
pub(super) fn of_file(path: &str) -> String {
    if let Some(product) = product(path) {
        return product;
    }
    let mut folder = parent(path);
    while INSIDE.contains(&last(folder)) && !is_of_the_system(parent(folder)) {
        folder = parent(folder);
    }
    // Nobody's product is the system's own folder: there the file stands for itself.
    if is_of_the_system(folder) || INSIDE.contains(&last(folder)) { path.to_owned() } else { folder.to_owned() }
}

/// `/opt/tomcat` of anything below it; nothing for a file that lies in `/opt` itself.
pub(super) fn product(path: &str) -> Option<String> {
    let root = OF_PRODUCTS.iter().find(|root| path.starts_with(**root))?;
    let (name, _) = path.get(root.len()..)?.split_once('/')?;
    Some(format!("{root}{name}"))
}

/// The application whose installer keeps packages in a folder: what is left without the names that every installer makes.
pub(super) fn of_folder(folder: &str, installers: &[&str]) -> String {
    let Some(rest) = installers.iter().find_map(|ending| without(folder, ending)) else { return folder.to_owned() };
    if is_of_the_system(rest) { folder.to_owned() } else { rest.to_owned() }
}

/// A path without its last names, of which `*` stands for any one.
fn without<'a>(path: &'a str, ending: &str) -> Option<&'a str> {
    let mut rest = path;
    for wanted in ending.rsplit('/') {
        let (before, name) = rest.rsplit_once('/')?;
        let fits = match wanted.split_once('*') {
            Some((start, end)) => {
                name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
            }
            None => name == wanted,
        };
        if !fits {
            return None;
        }
        rest = before;
    }
    Some(rest)
}

/// The folder that something lies in.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// Folders that the whole system shares.
fn is_of_the_system(folder: &str) -> bool {
    const SHARED: &[&str] = &[
        "",
        "/usr",
        "/usr/local",
        "/usr/share",
        "/usr/share/java",
        "/usr/local/share",
        "/usr/local/share/java",
        "/opt",
    ];
    SHARED.contains(&folder) || matches!(folder, "/srv" | "/var" | "/var/www" | "/home" | "/root" | "/tmp" | "/var/lib")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_is_the_war_the_product_or_the_folder_around() {
        for (path, application) in [
            ("/opt/tomcat/webapps/berth.war", "/opt/tomcat/webapps/berth.war"),
            ("/opt/tomcat/webapps/berth/WEB-INF/lib/a-1.jar", "/opt/tomcat/webapps/berth"),
            ("/opt/jboss/deployments/x.ear/y.war/WEB-INF/lib/a.jar", "/opt/jboss/deployments/x.ear"),
            ("/opt/tomcat/lib/catalina.jar", "/opt/tomcat"),
            ("/opt/agent.jar", "/opt/agent.jar"),
            ("/home/tos/gate/lib/a.jar", "/home/tos/gate"),
            ("/home/tos/gate.jar", "/home/tos"),
            ("/usr/share/java/a.jar", "/usr/share/java/a.jar"),
            ("/a.jar", "/a.jar"),
            ("/WEB-INF/lib/a.jar", "/WEB-INF"),
        ] {
            assert_eq!(of_archive(path), application, "{path}");
        }
        assert_eq!(of_file("/usr/local/bin/exporter"), "/usr/local/bin/exporter");
        assert_eq!(of_file("/opt/exporter/bin/exporter"), "/opt/exporter");
    }

    #[test]
    fn a_virtual_environment_is_an_application_and_the_system_is_none() {
        let python = &["lib/python*/site-packages", "lib64/python*/site-packages"];
        assert_eq!(of_folder("/srv/berth/venv/lib/python3.11/site-packages", python), "/srv/berth/venv");
        let shared = "/usr/local/lib/python3.11/site-packages";
        assert_eq!(of_folder(shared, python), shared);
        assert_eq!(of_folder("/srv/x/packages", python), "/srv/x/packages");
    }
}
