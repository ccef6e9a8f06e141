//! A crowd is the same from the same seed, has the tails that a brand's people have, and is taken without complaint.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may end with a panic")]

use std::ops::Range;

use guanxi_crowd::{Crowd, Subject};
use guanxi_domain::event::segment::{Call, read};
use guanxi_domain::ids::{EventId, new_uuid};
use guanxi_domain::settings::TenantSettings;
use guanxi_import::{Cells, Record, Rules, Sample, suggest};
use jiff::civil::Date;

const UNTIL: Date = Date::constant(2026, 3, 1);

fn crowd(people: u32) -> Crowd {
    Crowd::new(people, 7, UNTIL)
}

fn written(write: impl Fn(&Crowd, Range<u32>, &mut Vec<u8>) -> std::io::Result<u64>, of: &Crowd) -> (String, u64) {
    let mut bytes = Vec::new();
    let rows = write(of, 0..of.size(), &mut bytes).unwrap();
    (String::from_utf8(bytes).unwrap(), rows)
}

#[test]
fn the_same_seed_writes_the_same_bytes() {
    let people = |seed| written(|c, numbers, out| c.write_people(numbers, out), &Crowd::new(500, seed, UNTIL)).0;
    assert_eq!(people(1), people(1));
    assert_ne!(people(1), people(2));
    // A larger crowd begins with the same people.
    let larger = written(|c, numbers, out| c.write_people(numbers, out), &Crowd::new(700, 1, UNTIL)).0;
    assert!(larger.starts_with(&people(1)));
    let events = || written(|c, numbers, out| c.write_events(numbers, out), &crowd(500));
    assert_eq!(events(), events());
}

#[test]
fn files_of_a_folder_hold_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    for subject in Subject::ALL {
        let files = crowd(300).write(subject, folder.path()).unwrap();
        let text = std::fs::read_to_string(&files.paths[0]).unwrap();
        assert_eq!(files.paths.len(), 1);
        match subject {
            Subject::Events => assert!(text.lines().all(|line| line.len() <= 500 * 1024)),
            _ => assert_eq!(text.lines().count() as u64, files.rows + 1, "{subject:?}"),
        }
    }
}

/// Which share of all the top hundredth holds.
fn top_share(mut counts: Vec<usize>) -> f64 {
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let all: usize = counts.iter().sum();
    counts[..counts.len() / 100].iter().sum::<usize>() as f64 / all as f64
}

#[track_caller]
fn check_tail(counts: Vec<usize>, mean: Range<f64>, top: f64) {
    let (found, share) = (counts.iter().sum::<usize>() as f64 / counts.len() as f64, top_share(counts));
    assert!(mean.contains(&found), "{found} on the average");
    assert!(share >= top, "the top hundredth holds {share}");
}

#[test]
fn few_have_much() {
    let crowd = crowd(50_000);
    let numbers = || 0..crowd.size();
    check_tail(numbers().map(|n| crowd.orders(n).len()).collect(), 1.05..1.35, 0.2);
    let mut known = vec![0; 50_000];
    for relation in numbers().flat_map(|n| crowd.relations(n)) {
        known[relation.from as usize] += 1;
        known[relation.to as usize] += 1;
    }
    check_tail(known, 1.7..2.3, 0.12);
    let buyers = numbers().filter(|n| !crowd.orders(*n).is_empty()).count();
    assert!((12_000..25_000).contains(&buyers), "{buyers} of 50000 bought");
    let mut by_orders: Vec<usize> = numbers().map(|n| crowd.orders(n).len()).collect();
    by_orders.sort_unstable();
    assert!(by_orders[49_500] >= 12, "the top hundredth begins at {} orders", by_orders[49_500]);
}

#[test]
fn surnames_are_as_frequent_as_they_are() {
    let crowd = crowd(20_000);
    let names: Vec<String> = (0..crowd.size()).filter_map(|n| crowd.person(n).name).collect();
    let called = |surname: &str| names.iter().filter(|name| name.starts_with(surname)).count();
    assert!(called("王") > called("刘") && called("刘") > called("黄") && called("黄") > called("钱"));
    let chinese = names.iter().filter(|name| !name.is_ascii()).count();
    assert!(chinese * 10 > names.len() * 8, "{chinese} of {}", names.len());
}

/// What the import's own suggestion makes of every row; panics at one that is refused.
fn records(sheet: &str, subject: guanxi_import::Subject) -> Vec<Record> {
    let mut reader = csv::ReaderBuilder::new().from_reader(sheet.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<Cells> = reader.records().map(|row| Cells::from_iter(row.unwrap().iter())).collect();
    let sample = Sample { header: header.clone(), rows: rows.iter().take(100).cloned().collect() };
    let suggestion = suggest(&sample, None, None);
    assert_eq!(suggestion.mapping.subject, subject);
    assert!(suggestion.preset.is_none());
    let rules = Rules::new(&suggestion.mapping, &header, &TenantSettings::default()).unwrap();
    rows.iter().map(|row| rules.read(row).unwrap_or_else(|refusal| panic!("{refusal}: {row:?}"))).collect()
}

#[test]
fn the_import_takes_every_row() {
    let crowd = crowd(3_000);
    let (people, rows) = written(|c, numbers, out| c.write_people(numbers, out), &crowd);
    let mut identities = std::collections::HashSet::new();
    let mut named = 0;
    let read = records(&people, guanxi_import::Subject::People);
    for record in &read {
        let Record::Person(person) = record else { panic!("{record:?}") };
        named += person.identities.len();
        identities.extend(person.identities.iter().map(ToString::to_string));
    }
    assert_eq!((read.len() as u64, identities.len()), (rows, named), "nobody shares an identity");
    assert!((3.5..5.0).contains(&(named as f64 / rows as f64)), "{named} identities");

    let (orders, rows) = written(|c, numbers, out| c.write_orders(numbers, out), &crowd);
    let read = records(&orders, guanxi_import::Subject::Orders);
    assert_eq!(read.len() as u64, rows);
    for record in &read {
        let Record::Order(order) = record else { panic!("{record:?}") };
        assert!(order.at.is_some_and(|at| at < crowd.end()) && order.amount.is_some() && order.identities.len() == 1);
    }
    let (relations, rows) = written(|c, numbers, out| c.write_relations(numbers, out), &crowd);
    assert_eq!(records(&relations, guanxi_import::Subject::Relations).len() as u64, rows);
}

#[test]
fn ingest_takes_every_event_and_keeps_its_time() {
    let crowd = crowd(3_000);
    let (lines, count) = written(|c, numbers, out| c.write_events(numbers, out), &crowd);
    let mut make_id = || EventId::from_uuid(new_uuid(crowd.end(), [7; 10]));
    let (mut ids, mut lately, mut by_person) = (std::collections::HashSet::new(), 0, vec![0; 3_000]);
    for line in lines.lines() {
        for event in read(Call::Batch, line.as_bytes(), None, crowd.end(), &mut make_id).unwrap().iter() {
            let event = event.as_ref().unwrap_or_else(|refusal| panic!("{refusal:?}"));
            assert!(event.occurred_at < crowd.end() && event.body.notes.is_empty(), "{event:?}");
            lately += usize::from(crowd.end() - event.occurred_at < 30 * 86_400_000);
            let account = event.body.identities.iter().find(|identity| identity.kind() == "user").unwrap();
            by_person[account.value()[1..].parse::<usize>().unwrap()] += 1;
            ids.insert(event.message_id.clone());
        }
    }
    assert_eq!(ids.len() as u64, count, "each has its own message id");
    let share = lately as f64 / count as f64;
    assert!((0.08..0.4).contains(&share), "{share} of the events are of the last month");
    check_tail(by_person, 2.4..3.6, 0.12);
}
