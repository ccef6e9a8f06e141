//! Who follows a link: people, or programs that look at it before people do.

/// What programs that look at links are called: link previews of messengers, mail scanners, crawlers, and programs that are
/// no browsers. Compared in lower case.
const BOTS: [&str; 36] = [
    "bot",
    "crawl",
    "spider",
    "preview",
    "scan",
    "facebookexternalhit",
    "facebookcatalog",
    "whatsapp/",
    "telegrambot",
    "slackbot",
    "slack-imgproxy",
    "discordbot",
    "twitterbot",
    "linkedinbot",
    "skypeuripreview",
    "line-poker",
    "kakaotalk-scrap",
    "googleimageproxy",
    "google-safety",
    "yahoomailproxy",
    "bingpreview",
    "microsoft office",
    "ms-office",
    "safelinks",
    "barracuda",
    "mimecast",
    "proofpoint",
    "symantec",
    "headless",
    "phantomjs",
    "curl/",
    "wget/",
    "python-",
    "go-http-client",
    "java/",
    "okhttp",
];

/// What sort of program it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agent {
    /// No person.
    Bot,
    /// The browser inside WeChat.
    Wechat,
    /// A browser on a telephone.
    Mobile,
    /// Another browser.
    Desktop,
}

impl Agent {
    pub(crate) fn of(user_agent: &str) -> Self {
        let name = user_agent.to_ascii_lowercase();
        let has = |part: &str| name.contains(part);
        if name.trim().is_empty() || BOTS.iter().any(|bot| has(bot)) {
            return Self::Bot;
        }
        match () {
            () if has("micromessenger") => Self::Wechat,
            () if has("mobile") || has("android") || has("iphone") => Self::Mobile,
            () => Self::Desktop,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Wechat => "wechat",
            Self::Mobile => "mobile",
            Self::Desktop => "desktop",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ch_9_programs_are_told_from_people() {
        for (name, expected) in [
            ("", Agent::Bot),
            ("TelegramBot (like TwitterBot)", Agent::Bot),
            ("facebookexternalhit/1.1", Agent::Bot),
            ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120 Safari/537.36", Agent::Desktop),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Mobile/15E148 MicroMessenger/8.0.42", Agent::Wechat),
            ("Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile Safari/537.36", Agent::Mobile),
            ("curl/8.5.0", Agent::Bot),
        ] {
            assert_eq!(Agent::of(name), expected, "{name}");
        }
    }
}
