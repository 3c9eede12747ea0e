//! Answers of many things to one question, and what they come to together. It does not know devices, vendors or lists.
//! Invariant: `yes` needs a yes of everything, one `no` is a `no`, and nothing said is `unknown`.

use super::FromEvidence;
use daicho_schemas::fact::check_answer::CheckAnswer;
use daicho_schemas::fact::device::Answer;
use daicho_schemas::text::Text;

/// Grounds that are listed; more are counted.
const GROUNDS_MAX: usize = 20;

/// Answers one by one, and what they come to together.
#[derive(Default)]
pub(super) struct Said {
    all: Vec<(Answer, Text)>,
}

impl Said {
    pub(super) fn put(&mut self, answer: Answer, ground: Text) {
        self.all.push((answer, ground));
    }

    pub(super) fn end(self, nothing: &Text) -> FromEvidence {
        let any = |wanted: Answer| self.all.iter().any(|(answer, _)| *answer == wanted);
        let answer = if any(Answer::No) {
            CheckAnswer::No
        } else if any(Answer::Unknown) || self.all.is_empty() {
            CheckAnswer::Unknown
        } else if any(Answer::Yes) {
            CheckAnswer::Yes
        } else {
            CheckAnswer::NotApplicable
        };
        let of = |wanted: &dyn Fn(Answer) -> bool| {
            let own: Vec<Text> =
                self.all.iter().filter(|(one, _)| wanted(*one)).map(|(_, text)| text.clone()).collect();
            cut(own)
        };
        let settles = |one: Answer| match answer {
            CheckAnswer::No => one == Answer::No,
            CheckAnswer::Yes => one == Answer::Yes,
            CheckAnswer::NotApplicable => one == Answer::NotApplicable,
            CheckAnswer::Unknown => one != Answer::Unknown,
        };
        let mut missing = of(&|one| matches!(one, Answer::No | Answer::Unknown) && !settles(one));
        if self.all.is_empty() {
            missing.push(nothing.clone());
        }
        FromEvidence { answer, because: of(&settles), missing }
    }
}

/// The first texts, and how many more there are.
pub(super) fn cut(mut texts: Vec<Text>) -> Vec<Text> {
    let more = texts.len().saturating_sub(GROUNDS_MAX);
    texts.truncate(GROUNDS_MAX);
    if more > 0 {
        texts.push(Text::new(format!("ほか {more} 件"), format!("and {more} more")));
    }
    texts
}
