//! What the readers of versions share: numbers, dots and words from the left, and nothing left over at the end.
//! It does not know any maker. Invariant: a number that does not fit is no number, and nothing is skipped unseen.

/// A text on its way from left to right.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'a>(&'a str);

impl<'a> Scan<'a> {
    /// Begins.
    pub fn of(text: &'a str) -> Self {
        Self(text.trim())
    }

    /// What is left.
    pub fn rest(&self) -> &'a str {
        self.0
    }

    /// Nothing is left.
    pub fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a word when it is next, in any case.
    pub fn take(&mut self, word: &str) -> bool {
        let Some((head, tail)) = self.0.split_at_checked(word.len()) else { return false };
        let taken = head.eq_ignore_ascii_case(word);
        if taken {
            self.0 = tail;
        }
        taken
    }

    /// Takes any of some words.
    pub fn take_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.take(word))
    }

    /// Takes white space.
    pub fn space(&mut self) {
        self.0 = self.0.trim_start();
    }

    /// Takes a number of at most nine digits.
    pub fn number(&mut self) -> Option<u32> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (head, tail) = self.0.split_at_checked(digits)?;
        let number = if digits <= 9 { head.parse().ok()? } else { return None };
        self.0 = tail;
        Some(number)
    }

    /// Takes numbers with dots between them, at most so many.
    pub fn dotted(&mut self, max: usize) -> Option<Vec<u32>> {
        let mut numbers = vec![self.number()?];
        while numbers.len() < max {
            let mut ahead = *self;
            let Some(number) = ahead.take(".").then(|| ahead.number()).flatten() else { break };
            numbers.push(number);
            *self = ahead;
        }
        Some(numbers)
    }

    /// Takes letters, in upper case.
    pub fn letters(&mut self) -> String {
        let count = self.0.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (head, tail) = self.0.split_at_checked(count).unwrap_or(("", self.0));
        self.0 = tail;
        head.to_ascii_uppercase()
    }

    /// Takes one small letter as its place in the alphabet, from 1; 0 when none is next.
    pub fn rebuild(&mut self) -> u32 {
        match self.0.bytes().next() {
            Some(letter @ b'a'..=b'z') => {
                self.0 = self.0.get(1..).unwrap_or_default();
                u32::from(letter - b'a') + 1
            }
            _ => 0,
        }
    }
}
