//! What plugins log: taken from their calls and held to so many lines a minute, so that one that logs in a loop fills no
//! disk. Who made the call writes the lines with what else came of it.

use std::mem;
use std::sync::{Mutex, PoisonError};

use guanxi_domain::Millis;
use guanxi_domain::limits::LOG_LINES_A_MINUTE;
use guanxi_domain::plugin_log::Level;
use guanxi_runtime::Call;

const MINUTE: Millis = 60_000;
/// So many people whom a call was about weigh as much as a line: who they are is kept, too.
const PEOPLE: usize = 64;
/// The most bytes of a line that the host writes; plugins' own are cut in the call.
const LINE_BYTES: usize = 1_024;

/// How much of what one installation says was kept in this minute.
#[derive(Default)]
pub(crate) struct Gauge(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    number: i64,
    lines: usize,
}

impl Gauge {
    /// Takes what a call about so many people said, as much of it as may be kept; `failure` is a line like others, why a call
    /// crashed is always kept.
    pub(crate) fn take<T>(
        &self,
        call: &mut Call<T>,
        failure: Option<String>,
        people: usize,
        now: Millis,
    ) -> Vec<(Level, String)> {
        let mut lines: Vec<(Level, String)> =
            mem::take(&mut call.log).into_iter().map(|said| (said.level.into(), said.line)).collect();
        lines.extend(failure.map(|failure| (Level::Error, cut(failure))));
        self.hold(&mut lines, people, now);
        let crash = call.result.as_ref().err().filter(|error| error.is_crash());
        // Quarantine bounds how many of these there are.
        lines.extend(crash.map(|error| (Level::Crash, cut(error.to_string()))));
        lines
    }

    /// Leaves out what is too much for this minute, and says so once.
    fn hold(&self, lines: &mut Vec<(Level, String)>, people: usize, now: Millis) {
        if lines.is_empty() {
            return;
        }
        let most = LOG_LINES_A_MINUTE as usize;
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.number != now.div_euclid(MINUTE) {
            *minute = Minute { number: now.div_euclid(MINUTE), lines: 0 };
        }
        let left = most.saturating_sub(minute.lines.saturating_add(people / PEOPLE));
        let is_told = minute.lines > most;
        minute.lines = minute.lines.saturating_add(lines.len()).saturating_add(people / PEOPLE);
        if lines.len() > left {
            lines.truncate(left);
            if !is_told {
                let why = format!("more than {most} lines in a minute: the others are left out until the next one");
                lines.push((Level::Warn, why));
            }
        }
    }
}

fn cut(mut line: String) -> String {
    line.truncate(line.floor_char_boundary(LINE_BYTES));
    line
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use guanxi_runtime::{CallError, LogLevel, LogLine, Stopped};

    use super::*;

    fn said(lines: usize, result: Result<(), CallError>) -> Call<()> {
        let line = LogLine { level: LogLevel::Info, line: "said".to_owned() };
        Call {
            result,
            fuel: 0,
            took: Duration::ZERO,
            log: vec![line; lines],
            stopped: Stopped::default(),
            missed: Vec::new(),
        }
    }

    #[test]
    fn pl_7_what_is_too_much_for_a_minute_is_left_out_and_told_once() {
        let gauge = Gauge::default();
        let take = |lines, now| gauge.take(&mut said(lines, Ok(())), None, 1, now);
        let most = LOG_LINES_A_MINUTE as usize;
        assert_eq!(take(0, 1), []);
        assert_eq!(take(most - 1, 2).len(), most - 1);
        let last = take(32, 3);
        assert_eq!(last[0], (Level::Info, "said".to_owned()));
        assert!(last.len() == 2 && last[1].0 == Level::Warn && last[1].1.contains("1000 lines"), "{last:?}");
        assert_eq!(take(32, 4), []);
        assert_eq!(take(1, MINUTE), [(Level::Info, "said".to_owned())]);
    }

    #[test]
    fn pl_7_a_minute_that_is_just_full_tells_of_the_next_line() {
        let gauge = Gauge::default();
        let most = LOG_LINES_A_MINUTE as usize;
        assert_eq!(gauge.take(&mut said(most, Ok(())), None, 1, 0).len(), most);
        let told = gauge.take(&mut said(1, Ok(())), None, 1, 1);
        assert!(told.len() == 1 && told[0].0 == Level::Warn, "{told:?}");
        assert_eq!(gauge.take(&mut said(1, Ok(())), None, 1, 2), []);
    }

    #[test]
    fn pl_7_lines_about_very_many_weigh_more() {
        let gauge = Gauge::default();
        let mut kept = 0;
        for now in 0..1_000 {
            kept += gauge.take(&mut said(1, Ok(())), None, 512, now).len();
        }
        assert_eq!(kept, LOG_LINES_A_MINUTE as usize / 9 + 1, "and one that tells of it");
    }

    #[test]
    fn why_a_call_crashed_is_always_kept() {
        let gauge = Gauge::default();
        let mut full = said(LOG_LINES_A_MINUTE as usize + 1, Ok(()));
        gauge.take(&mut full, None, 1, 0);
        let lines = gauge.take(&mut said(3, Err(CallError::Trap("é".repeat(1_000)))), None, 1, 1);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].0 == Level::Crash && lines[0].1.starts_with("the plugin crashed: é"), "{lines:?}");
        assert!(lines[0].1.len() <= LINE_BYTES);
        let failed = gauge.take(&mut said(0, Ok(())), Some("bad input".to_owned()), 1, MINUTE);
        assert_eq!(failed, [(Level::Error, "bad input".to_owned())]);
        assert_eq!(gauge.take(&mut said(0, Err(CallError::Busy)), None, 1, MINUTE), []);
    }
}
