//! Reads fenced blocks out of Markdown, and commands out of blocks.

/// What stands between two fences.
pub struct Block {
    /// After the opening fence, such as `sh` or `sh run`.
    pub info: String,
    pub text: String,
    /// Where the text begins, from 1.
    pub line: usize,
}

/// A command of ours.
#[derive(Debug, PartialEq, Eq)]
pub struct Invocation {
    /// `guanxi` or `xtask`.
    pub program: &'static str,
    /// What follows it.
    pub words: Vec<String>,
    pub line: usize,
}

impl Block {
    pub fn is_shell(&self) -> bool {
        matches!(self.info.split_whitespace().next(), Some("sh" | "bash" | "shell" | "console"))
    }

    pub fn is_run(&self) -> bool {
        self.is_shell() && self.info.split_whitespace().any(|word| word == "run")
    }
}

/// Every fenced block of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut open) = (Vec::new(), None::<(usize, Block)>);
    for (number, line) in page.lines().enumerate() {
        let bare = line.trim_start();
        match (&mut open, bare.strip_prefix("```")) {
            (None, Some(info)) => {
                let block = Block { info: info.trim().to_owned(), text: String::new(), line: number + 2 };
                open = Some((line.len() - bare.len(), block));
            }
            (Some(_), Some("")) => blocks.extend(open.take().map(|(_, block)| block)),
            (Some((indent, block)), _) => {
                block.text.push_str(line.get(*indent..).unwrap_or_default());
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// The commands of ours in a block of shell.
pub fn invocations(block: &Block) -> Vec<Invocation> {
    let (mut found, mut whole) = (Vec::new(), String::new());
    let mut start = block.line;
    for (offset, line) in block.text.lines().enumerate() {
        if whole.is_empty() {
            start = block.line + offset;
        }
        match line.strip_suffix('\\') {
            Some(part) => whole.push_str(part),
            None => {
                whole.push_str(line);
                found.extend(commands(&std::mem::take(&mut whole)).into_iter().filter_map(|words| ours(words, start)));
            }
        }
    }
    found
}

/// The simple commands of one line, each as its words; enough of the shell for what stands in docs.
fn commands(line: &str) -> Vec<Vec<String>> {
    let (mut commands, mut words, mut word) = (Vec::new(), Vec::new(), None::<String>);
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(character),
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ' ' | '\t') => words.extend(word.take()),
            (None, '|' | '&' | ';' | '(' | ')') => {
                words.extend(word.take());
                commands.push(std::mem::take(&mut words));
            }
            (None, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    commands.push(words);
    commands
}

/// Ours, after a prompt, assignments and `$(`.
fn ours(words: Vec<String>, line: usize) -> Option<Invocation> {
    let assigns = |word: &String| {
        word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
    };
    let ends = |word: &String| word.starts_with('>') || word.starts_with('<') || word.starts_with("2>");
    let mut words =
        words.into_iter().skip_while(|word| word == "$" || word.ends_with("=$") || assigns(word)).peekable();
    let program = match words.next()?.rsplit('/').next()? {
        "guanxi" => "guanxi",
        "cargo" if words.next_if(|word| word == "xtask").is_some() => "xtask",
        _ => return None,
    };
    Some(Invocation { program, words: words.take_while(|word| !ends(word)).collect(), line })
}

/// The subcommands that a help text lists, if it does.
pub fn subcommands(help: &str) -> Option<Vec<String>> {
    let (_, list) = help.split_once("\nCommands:\n")?;
    let lines = list.lines().take_while(|line| !line.trim().is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    Some(names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// Whether a help text knows a flag, `-x` or `--name`.
pub fn has_flag(help: &str, flag: &str) -> bool {
    let words =
        help.lines().filter(|line| line.trim_start().starts_with('-')).flat_map(|line| line.split([' ', ',', '=']));
    words.into_iter().any(|word| word == flag)
}

/// Whether a command hands what follows on to another program.
pub fn hands_on(help: &str) -> bool {
    help.lines().any(|line| line.starts_with("Usage: ") && line.ends_with("..."))
}

#[test]
fn commands_are_found_in_pages() {
    let page = "Text\n```sh\n# first\nA=1 guanxi token create x \\\n  --tenant acme > key # why\n\
                KEY=$(guanxi --config a.toml tenant list | tail -1) && cargo xtask demo\ncurl x; ls\n```\n```toml\nguanxi\n```\n";
    let found: Vec<Invocation> = blocks(page).iter().filter(|block| block.is_shell()).flat_map(invocations).collect();
    let call =
        |program, words: &str, line| Invocation { program, words: words.split(' ').map(str::to_owned).collect(), line };
    let expected = [
        call("guanxi", "token create x --tenant acme", 4),
        call("guanxi", "--config a.toml tenant list", 6),
        call("xtask", "demo", 6),
    ];
    assert_eq!(found, expected);
}
