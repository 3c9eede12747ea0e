//! The test cases that files of law carry, run against the judges that people get their answers from.
//! It does not know whether the law says so; a lawyer changes a case and sees what comes out.
//! Invariant: a case passes only when exactly what it expects comes out.

use crate::model::duties::computers;
use crate::model::duties::table::Pack;
use daicho_schemas::regime::LawFile;
use daicho_schemas::regime::clocks::ClockRule;
use daicho_schemas::regime::computers::{ComputerTest, ComputersFile};
use daicho_schemas::regime::sectors::SectorsFile;
use serde::Serialize;

/// One case with what came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    /// The row it belongs to.
    pub row: String,
    /// What it shows.
    pub name: String,
    /// What it expects.
    pub expected: String,
    /// What came out.
    pub found: String,
}

impl Case {
    /// Whether what it expects came out.
    pub fn passed(&self) -> bool {
        self.expected == self.found
    }
}

/// Every case of a file.
pub fn of_file(file: &LawFile) -> Vec<Case> {
    match file {
        LawFile::Sectors(file) => of_sectors(file),
        LawFile::Clocks(file) => of_clocks(&file.clocks),
        LawFile::Computers(file) => {
            let own = file.tests.iter().map(|test| of_computer(file, test));
            of_clocks(&file.deadlines).into_iter().chain(own).collect()
        }
        LawFile::Forms(_) | LawFile::CheckLists(_) | LawFile::Template(_) => Vec::new(),
    }
}

/// Every case of a decision table: the row that must be found, by its id.
pub fn of_table(pack: &Pack) -> Vec<Case> {
    let of = |row: &crate::model::duties::table::TableRow| -> Vec<Case> {
        let case = |test: &crate::model::duties::table::TestCase| Case {
            row: row.row_id.clone(),
            name: test.name.clone(),
            expected: row.row_id.clone(),
            found: pack.row(&test.situation(row.plan_kind)).map(|row| row.row_id.clone()).unwrap_or_default(),
        };
        row.tests.iter().map(case).collect()
    };
    pack.rows.iter().flat_map(of).collect()
}

/// A word as the file spells it.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}

fn of_sectors(file: &SectorsFile) -> Vec<Case> {
    let rules = file.rules().flat_map(|(_, rule)| rule.tests.iter().map(move |test| (rule, test)));
    let case = |(rule, test): (
        &daicho_schemas::regime::sectors::BusinessRule,
        &daicho_schemas::regime::sectors::CriterionTest,
    )| {
        let first = rule.basis.effective_from;
        // On a day of its own the case also says which rule of the business holds.
        let other = test.on.or(first).and_then(|on| file.rule_on(&rule.business_id, on)).map(|(_, rule)| &rule.rule_id);
        let verdict = word(rule.criterion.judge(&test.figures).0);
        let found = match other {
            Some(other) if *other != rule.rule_id => format!("{verdict} ({other})"),
            _ => verdict,
        };
        Case { row: rule.rule_id.clone(), name: test.name.clone(), expected: word(test.expect), found }
    };
    rules.map(case).collect()
}

fn of_clocks(clocks: &[ClockRule]) -> Vec<Case> {
    let tests = clocks.iter().flat_map(|clock| clock.tests.iter().map(move |test| (clock, test)));
    let case = |(clock, test): (&ClockRule, &daicho_schemas::regime::clocks::ClockTest)| Case {
        row: clock.clock_id.clone(),
        name: test.name.clone(),
        expected: test.expect.to_string(),
        found: clock.count.day(test.from).map(|day| day.to_string()).unwrap_or_default(),
    };
    tests.map(case).collect()
}

fn of_computer(law: &ComputersFile, test: &ComputerTest) -> Case {
    let answer = computers::judge(law, &test.facts);
    let found = ComputerTest {
        exempt_by: answer.exempt_by.map(|exemption| exemption.exemption_id.clone()),
        clock: answer.clock.map(|clock| clock.clock_id.clone()),
        due_on: answer.due_on,
        missing: answer.missing.iter().map(ToString::to_string).collect(),
        substitutable: answer.substitutable,
        ..test.clone()
    };
    let outcome = |test: &ComputerTest| {
        let said = |what: &str, value: Option<String>| value.map(|value| format!("{what} {value}"));
        let parts = [
            said("exempt by", test.exempt_by.clone()),
            said("clock", test.clock.clone()),
            said("due", test.due_on.map(|day| day.to_string())),
            (!test.missing.is_empty()).then(|| format!("missing {}", test.missing.join(" "))),
            test.substitutable.then(|| "substitutable".into()),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "nothing can be said".into() } else { parts.join(", ") }
    };
    Case { row: "computers".into(), name: test.name.clone(), expected: outcome(test), found: outcome(&found) }
}
