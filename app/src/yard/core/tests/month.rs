use super::*;

/// 1,000 krates, edited for a month: 20,000 actions in 60 sessions of two people, each a new copy that starts from what was kept.
#[test]
fn a_busy_month_stays_under_a_megabyte() {
    let mut seed: u64 = 2_026;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut kept: Option<Vec<u8>> = None;
    let mut keys = 0;
    for session in 0..60 {
        let mut core = Core::new(0x1f_0000_0000_0000 | (0x9e37_79b9 * (session + 1)));
        kept.iter().for_each(|kept| core.receive(&home(), Origin::Restored, kept).unwrap());
        for _ in 0..334 {
            let state = core.state().clone();
            let krate = |number: usize| state.krates[number % state.krates.len()].id.clone();
            let near = Point::new(random(40_000) as f64, random(30_000) as f64);
            let dice = random(100);
            let action = if state.krates.len() < 1_000 && (dice < 25 || state.krates.is_empty()) {
                YardAction::Open { subject: subject(random(100_000)), content: content(random(4)), into: None, near }
            } else {
                let krate = krate(random(1_000));
                let window = state.krate(&krate).unwrap().windows[0].id.clone();
                match dice {
                    0..55 => YardAction::MoveKrate { krate, to: near },
                    55..75 => YardAction::ResizeWindow { window, size: Size::new(300.0 + random(600) as f64, 200.0 + random(500) as f64) },
                    75..85 => YardAction::Raise { krate },
                    85..92 => YardAction::Minimise { minimised: !state.krate(&krate).unwrap().minimised, krate },
                    92..97 => YardAction::Switch { window, content: content(random(3)) },
                    _ => YardAction::CloseKrate { krate },
                }
            };
            core.act(&action, &mut || {
                keys += 1;
                format!("{keys:012}").into()
            });
        }
        let updates = core.take_news().into_iter().filter_map(|news| match news {
            News::Change(change) => Some(change.update).filter(|_| change.room == home()),
            News::Wiped(_) => None,
        });
        let all: Vec<Vec<u8>> = kept.take().into_iter().chain(updates).collect();
        let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
        kept = Some(crate::yard::document::merge(&all).unwrap());
        if session == 59 {
            let kept = kept.as_ref().unwrap();
            println!("{} krates after 20,000 actions: {} bytes", core.state().krates.len(), kept.len());
            assert!(core.state().krates.len() > 900);
            assert!(kept.len() < 1_000_000, "{}", kept.len());
            let mut again = Core::new(1);
            again.receive(&home(), Origin::Restored, kept).unwrap();
            assert_eq!(again.state(), core.state());
        }
    }
}
