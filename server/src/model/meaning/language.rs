//! What a package of a programming language means: a part of its application, or inventory of the package that carries it (D-0026).
//! It does not know vendors: words in a manifest can be anyone's, and name nobody here.
//! Invariant: an application is one product however many packages it is made of; what may be carried is never judged by itself.

use super::decided::whole;
use super::{Marks, Meaning, unknown_claim};
use crate::model::views::decisions::Decisions;
use daicho_schemas::fact::component::ComponentSort;
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::fact::observation::{CarriedBy, LanguagePackage};

/// What a package means.
pub(super) fn package(package: &LanguagePackage, marks: &Marks, decisions: &Decisions) -> Meaning {
    let meaning = |product: &str, evidence: String| {
        let sort = (ComponentSort::Application, None);
        Meaning::of_marks(Category::Application, product.to_owned(), unknown_claim(evidence), sort)
    };
    let carried = |evidence: String| Meaning { carried: true, ..meaning(&package.name, evidence) };
    match &package.carried_by {
        CarriedBy::Nobody => {
            let evidence =
                "no package of the host owns the application, and files of it name no supplier that is to be believed";
            whole(meaning(&package.application, evidence.into()), marks, decisions)
        }
        CarriedBy::Package { ecosystem, name } => {
            carried(format!("the package {ecosystem} {name} carries it; its supplier is that package's"))
        }
        CarriedBy::Unknown => carried("which package of the host owns it could not be looked up".into()),
    }
}

#[cfg(test)]
mod tests;
