//! Whatever stands in a file of events, it is read without a panic; what is read can be shown, gathered and joined.

use netplay::event::Event;
use netplay::journal::EventFile;
use netplay::report::{CriticalPath, Merge, Survey, Timeline, html, junit};
use std::io::Cursor;

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let events: Vec<Event> = EventFile::of(Cursor::new(bytes.to_vec())).filter_map(Result::ok).collect();
    let mut timeline = Timeline::default();
    let mut survey = Survey::default();
    for event in &events {
        timeline.add(event);
        survey.add(event, |text| text.len() as i64);
    }
    html(&timeline);
    junit(&timeline);
    CriticalPath::of(&timeline).map(|path| path.text());
    let parts = vec![(survey.clone(), events.clone().into_iter()), (survey, events.into_iter())];
    Merge::new(parts, true).for_each(drop);
}
