//! How much a channel takes of a text.

/// Whether a text has at most so many characters; otherwise what to tell whoever wrote it.
pub fn within(channel: &str, what: &str, text: &str, most: usize) -> Result<(), String> {
    match text.chars().count() {
        characters if characters > most => {
            Err(format!("{what} has {characters} characters, and {channel} takes {most}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert_eq!(within("It", "the text", "客户", 2), Ok(()));
        assert_eq!(within("It", "the text", "客户x", 2).unwrap_err(), "the text has 3 characters, and It takes 2");
    }
}
