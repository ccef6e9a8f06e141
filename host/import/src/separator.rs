//! Which character separates the cells: the one that cuts the first lines most evenly.

/// What may separate cells.
pub(crate) const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
const LINES: usize = 20;

/// Finds it in the beginning of a file; a comma if nothing speaks for another.
pub(crate) fn detect(text: &str) -> u8 {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(LINES).collect();
    let score = |separator: u8| {
        let counts: Vec<usize> = lines.iter().map(|line| outside_quotes(line, separator)).collect();
        let first = counts.first().copied().unwrap_or(0);
        let like_first = counts.iter().filter(|count| **count == first).count();
        if first == 0 { 0 } else { first.min(64) + 100 * like_first / counts.len().max(1) }
    };
    let mut best = (0, b',');
    for separator in SEPARATORS {
        let found = score(separator);
        if found > best.0 {
            best = (found, separator);
        }
    }
    best.1
}

fn outside_quotes(line: &str, separator: u8) -> usize {
    let mut inside = false;
    let mut count = 0;
    for byte in line.bytes() {
        match byte {
            b'"' => inside = !inside,
            other if other == separator && !inside => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_the_one_that_cuts_evenly() {
        for (text, expected) in [
            ("a,b,c\n1,2,3\n", b','),
            ("name;amount\nx;1,50\ny;2,75\n", b';'),
            ("手机号\t姓名\n138\t王,小明\n", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("\"a;b\",c\n\"1;2\",3\n", b','),
            ("one\ntwo\n", b','),
            ("", b','),
        ] {
            assert_eq!(detect(text), expected, "{text}");
        }
    }
}
