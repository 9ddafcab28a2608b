//! Disks that tear, flip, fail and forget.

use std::fs;
use std::path::PathBuf;

use crate::scene::Scene;

/// A scene with some tickets whose daemon was killed.
fn killed(requests: usize) -> Scene {
    let mut scene = Scene::new();
    for _ in 0..requests {
        scene.request();
    }
    scene.sink.wait_for(requests, crate::scene::PATIENCE);
    scene.reply(0);
    scene.wait_quiet();
    scene.desk.kill9();
    scene
}

fn segment(scene: &Scene) -> PathBuf {
    scene.desk.path("state/journal/00000001.seg")
}

fn flip(path: &PathBuf, offset: usize) {
    let mut bytes = fs::read(path).expect("the file is there");
    bytes[offset] ^= 0x10;
    fs::write(path, bytes).expect("write it back");
}

#[test]
fn a_torn_journal_is_cut_and_the_desk_goes_on() {
    let mut scene = killed(2);
    // The beginning of a record that the crash did not let end.
    let mut bytes = fs::read(segment(&scene)).expect("the journal is there");
    let torn = bytes[16..66].to_vec();
    bytes.extend(torn);
    fs::write(segment(&scene), bytes).expect("write it back");
    scene.start_live();
    scene.request();
    scene.wait_quiet();
    scene.check();
}

#[test]
fn a_journal_flipped_in_the_middle_refuses_and_says_how_to_recover() {
    let scene = killed(2);
    flip(&segment(&scene), 100);
    scene.desk.start();
    assert_eq!(scene.desk.wait_exit(), Some(1));
    let log = scene.desk.log();
    let last = log.lines().last().unwrap_or_default();
    assert!(last.starts_with("error:") && last.contains("00000001.seg") && last.contains("backup restore"), "{log}");
    let asked = scene.desk.cli(&["ticket", "list"]);
    assert!(asked.code == Some(1) && asked.stderr.contains("backup restore"), "{asked:?}");

    // Nothing was changed: with the byte as it was, the desk is as it was.
    flip(&segment(&scene), 100);
    scene.start_live();
    scene.wait_quiet();
    scene.check();
}

#[test]
fn a_failed_sync_ends_the_desk_and_the_next_start_is_clean() {
    let mut scene = Scene::new();
    for passing in 1..=5 {
        assert_eq!(scene.desk.term(), Some(0));
        scene.desk.set_env("FRONTDESK_FAILPOINT", &format!("fsync_fails:{passing}"));
        scene.request();
        scene.desk.start();
        assert_eq!(scene.desk.wait_exit(), Some(1), "sync {passing}\n{}", scene.desk.log_tail());
        scene.desk.unset_env("FRONTDESK_FAILPOINT");
        scene.start_live();
        scene.wait_quiet();
        scene.check();
    }
    assert!(scene.desk.log().contains("The store has failed; nothing more is taken in."));
}

#[test]
fn a_lost_or_damaged_state_is_rebuilt_and_equal() {
    let mut scene = killed(3);
    let state = scene.desk.path("state/state");
    let damages: [&dyn Fn(); 2] = [&|| fs::remove_dir_all(&state).expect("remove the state"), &|| {
        fs::write(state.join("db"), vec![0xA5; 8192]).expect("damage the state")
    }];
    for damage in damages {
        damage();
        scene.start_live();
        scene.request();
        scene.wait_quiet();
        scene.check();
        assert_eq!(scene.desk.term(), Some(0));
        let verified = scene.desk.json(&["rebuild", "--verify"]);
        assert_eq!(verified["differences"].as_array().map(Vec::len), Some(0), "{verified:#}");
    }
    let rebuilt = scene.desk.cli(&["rebuild"]);
    assert_eq!(rebuilt.code, Some(0), "{rebuilt:?}");
    scene.start_live();
    scene.wait_quiet();
    scene.check();
}
