//! May this be said of computers: in scope or not, with which products, makers, exemptions and stand-ins.
//! It does not know HTTP, nor what agents saw; whoever decides may know better than any agent.
//! Invariant: only people of the roles compliance and admin decide, from the decision they saw, in words that the regime's file has;
//! what was submitted changes only with the day on which it changed.

use super::duties::ROLES;
use super::roles;
use crate::ledger::entry::Author;
use crate::model::Model;
use crate::model::duties::computers::judge;
use crate::model::regimes;
use crate::model::views::computers::computer_key;
use daicho_schemas::fact::computer::{
    COMPUTERS_MAX, ComputerJudged, NAME_BYTES_MAX, NotifiedProduct, PRODUCTS_MAX, REASON_BYTES_MAX,
};
use daicho_schemas::ids::PersonId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::regime::computers::ComputersFile;
use daicho_schemas::time::CalendarDate;
use std::collections::BTreeSet;

/// A person decides about computers. Says whether that is new.
pub fn judged(model: &Model, author: &Author, said: &ComputerJudged, today: CalendarDate) -> Result<bool, Refusal> {
    roles::one_of(ROLES, model, author)?;
    if model.equipment_name(&said.equipment_id).is_none() {
        return Err(Refusal::new(RefusalCode::NotFound).with(format!("equipment_id: {}", said.equipment_id)));
    }
    let Some(law) = regimes::computers() else { return Err(wrong("this release has no rows of jp-acd")) };
    names(said)?;
    if says_nothing_new(model, said) {
        return Ok(false);
    }
    scope(law, said)?;
    let all = said.products.iter().enumerate();
    all.map(|(at, product)| (format!("products[{at}]"), product))
        .try_for_each(|(at, product)| check_product(model, law, said, &at, product, today))?;
    standing(model, said)?;
    change_day(model, said, today)?;
    Ok(true)
}

fn names(said: &ComputerJudged) -> Result<(), Refusal> {
    if said.computers.is_empty() || said.computers.len() > COMPUTERS_MAX {
        return Err(wrong(format!("computers: 1 to {COMPUTERS_MAX} are decided about at once")));
    }
    let mut seen = BTreeSet::new();
    for (at, computer) in said.computers.iter().enumerate() {
        name(&format!("computers[{at}].name"), &computer.name)?;
        if !seen.insert(computer_key(&said.equipment_id, &computer.name)) {
            return Err(wrong(format!("computers[{at}].name: '{}' stands there twice", computer.name)));
        }
    }
    Ok(())
}

fn scope(law: &ComputersFile, said: &ComputerJudged) -> Result<(), Refusal> {
    if said.reason.len() > REASON_BYTES_MAX {
        return Err(wrong(format!("reason: {} bytes, at most {REASON_BYTES_MAX}", said.reason.len())));
    }
    let explained = !said.reason.trim().is_empty();
    if !said.in_scope {
        return match (&said.scope_id, said.products.is_empty(), explained) {
            (_, _, false) => Err(wrong("reason: say why it is not in scope")),
            (None, true, true) => Ok(()),
            _ => Err(wrong("products, scope_id: nothing is notified of what is not in scope; leave them out")),
        };
    }
    let Some(id) = &said.scope_id else { return Err(wrong("scope_id: say by which category it is in scope")) };
    if !law.scope.iter().any(|row| row.scope_id == *id) {
        return Err(unknown("scope_id", id, law.scope.iter().map(|row| row.scope_id.as_str())));
    }
    if said.products.is_empty() || said.products.len() > PRODUCTS_MAX {
        return Err(wrong(format!("products: 1 to {PRODUCTS_MAX} are notified of a computer")));
    }
    if said.products.iter().any(|product| product.exempt_by.is_some()) && !explained {
        return Err(wrong("reason: say why a product is exempt (exempt_by)"));
    }
    let distinct: BTreeSet<_> = said.products.iter().map(identity).collect();
    if distinct.len() < said.products.len() {
        return Err(wrong("products: one product of one maker stands there twice"));
    }
    Ok(())
}

fn check_product(
    model: &Model,
    law: &ComputersFile,
    said: &ComputerJudged,
    at: &str,
    product: &NotifiedProduct,
    today: CalendarDate,
) -> Result<(), Refusal> {
    if !law.units.iter().any(|unit| unit.unit_id == product.unit_id) {
        let known = law.units.iter().map(|unit| unit.unit_id.as_str());
        return Err(unknown(&format!("{at}.unit_id"), &product.unit_id, known));
    }
    name(&format!("{at}.product"), &product.product)?;
    for (field, text) in [("maker", &product.maker), ("seen_as", &product.seen_as)] {
        text.iter().try_for_each(|text| name(&format!("{at}.{field}"), text))?;
    }
    if let Some(on) = product.introduced_on.filter(|on| *on > today) {
        return Err(wrong(format!("{at}.introduced_on: {on} is after today, {today}")));
    }
    let facts = model.computer_facts(&said.equipment_id, product);
    if let Some(id) = &product.exempt_by {
        let Some(exemption) = law.exemptions.iter().find(|row| row.exemption_id == *id) else {
            let known = law.exemptions.iter().map(|row| row.exemption_id.as_str());
            return Err(unknown(&format!("{at}.exempt_by"), id, known));
        };
        let named = judge(law, &facts).exempt_by.is_some_and(|found| found.exemption_id == *id);
        // Where the notice names products, the names have to fit; where it names none, the person's word decides.
        if !(named || exemption.products.is_empty()) {
            let detail = format!(
                "{at}.exempt_by: {id} names {} of {}",
                exemption.products.join(", "),
                exemption.makers.join(", ")
            );
            return Err(Refusal::new(RefusalCode::ComputerExemptionWrong).with(detail));
        }
    }
    let Some(plan) = &product.filed_in else { return Ok(()) };
    if model.plan(plan).is_none_or(|plan| plan.equipment.equipment_id != said.equipment_id) {
        let detail = format!("{at}.filed_in: no plan of '{}' has the id '{plan}'", said.equipment_id);
        return Err(Refusal::new(RefusalCode::ComputerSubstituteWrong).with(detail));
    }
    if judge(law, &facts).substitutable {
        return Ok(());
    }
    let shows = match (facts.filed_name, facts.filed_supplier) {
        (Some(name), Some(supplier)) => format!("shows '{name}' of '{supplier}'"),
        _ => "was not filed, or shows no such name".into(),
    };
    Err(Refusal::new(RefusalCode::ComputerSubstituteWrong).with(format!("{at}.filed_in: {plan} {shows}")))
}

/// Every computer is decided about from the decision that the person saw.
fn standing(model: &Model, said: &ComputerJudged) -> Result<(), Refusal> {
    for (at, computer) in said.computers.iter().enumerate() {
        let stands = model.computer_state(&said.equipment_id, &computer.name);
        if stands.map(|stands| stands.seq) != computer.replaces {
            let detail = match stands {
                None => format!("computers[{at}].replaces: nothing is decided about '{}'", computer.name),
                Some(stands) => {
                    let who = stands.by.as_ref().map_or("?", PersonId::as_str);
                    let when = stands.at.for_people_in_japan();
                    format!(
                        "computers[{at}].replaces: {who} decided about '{}' at {when} (entry {})",
                        computer.name, stands.seq
                    )
                }
            };
            return Err(Refusal::new(RefusalCode::ComputerJudgedMeanwhile).with(detail));
        }
    }
    Ok(())
}

/// What was submitted changes on a day; what was not is only corrected.
fn change_day(model: &Model, said: &ComputerJudged, today: CalendarDate) -> Result<(), Refusal> {
    let refuse = |detail: String| Err(Refusal::new(RefusalCode::ComputerChangeDayWrong).with(detail));
    if let Some(on) = said.changed_on.filter(|on| *on > today) {
        return refuse(format!("changed_on: {on} is after today, {today}"));
    }
    for (at, computer) in said.computers.iter().enumerate() {
        let stands = model.computer_state(&said.equipment_id, &computer.name);
        let submitted = model.computer_was_submitted(&said.equipment_id, &computer.name);
        let differs = stands.is_some_and(|stands| what_is_notified(&stands.judged) != what_is_notified(said));
        match said.changed_on {
            None if submitted && differs => {
                return refuse(format!("computers[{at}]: a notification of '{}' was submitted", computer.name));
            }
            Some(_) if !submitted => {
                return refuse(format!("computers[{at}]: no notification of '{}' was submitted", computer.name));
            }
            Some(_) if !differs => {
                return refuse(format!(
                    "computers[{at}]: nothing that is notified of '{}' is different",
                    computer.name
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

type Identity<'a> = (&'a str, &'a str, Option<&'a str>);

fn identity(product: &NotifiedProduct) -> Identity<'_> {
    (&product.unit_id, product.product.trim(), product.maker.as_deref())
}

/// What the forms say of a computer (joint order art. 2(5)): its category, products and makers. No release, no reason.
fn what_is_notified(judged: &ComputerJudged) -> (bool, Option<&str>, BTreeSet<Identity<'_>>) {
    let notified = judged.products.iter().filter(|product| product.exempt_by.is_none());
    (judged.in_scope, judged.scope_id.as_deref(), notified.map(identity).collect())
}

fn says_nothing_new(model: &Model, said: &ComputerJudged) -> bool {
    said.computers.iter().all(|computer| {
        model.computer_state(&said.equipment_id, &computer.name).is_some_and(|stands| {
            let ComputerJudged { in_scope, scope_id, reason, products, changed_on, .. } = &*stands.judged;
            let same_day = said.changed_on.is_none() || said.changed_on == *changed_on;
            (*in_scope, scope_id, reason, products) == (said.in_scope, &said.scope_id, &said.reason, &said.products)
                && same_day
        })
    })
}

fn name(field: &str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() || text != text.trim() || text.chars().any(char::is_control) {
        return Err(wrong(format!("{field}: a name on one line without blanks around it")));
    }
    if text.len() > NAME_BYTES_MAX {
        return Err(wrong(format!("{field}: {} bytes, at most {NAME_BYTES_MAX}", text.len())));
    }
    Ok(())
}

fn unknown<'a>(field: &str, id: &str, known: impl Iterator<Item = &'a str>) -> Refusal {
    wrong(format!("{field}: '{id}' is none of {}", known.collect::<Vec<_>>().join(", ")))
}

fn wrong(detail: impl AsRef<str>) -> Refusal {
    Refusal::new(RefusalCode::ComputerWrong).with(detail)
}

#[cfg(test)]
#[path = "computers_tests.rs"]
mod tests;
