//! Power cuts: the data folder is on an ext4 file system of its own, in a file that is mounted as a loop device. At a
//! random moment the file system is shut down without flushing (`FS_IOC_SHUTDOWN`), so that all that was not synced is
//! lost, then the process is killed, the file system mounted again, and the server started. A `kill -9` alone cannot tell
//! a journal that syncs from one that does not.

use super::seeded::{self, Bug};
use super::{Setting, Verdict, folder, has, runtime, system};
use crate::server::Site;
use rustix::process::geteuid;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tenure_testkit::workload::{Random, Workload};

const WRITERS: u64 = 16;
/// How large the file system is, in bytes.
const SIZE: u64 = 256 * 1024 * 1024;
/// Within how many rounds a journal that does not sync must be caught.
const CAUGHT_WITHIN: u64 = 3;

/// What the file system is told: `FS_IOC_SHUTDOWN` with `FS_SHUTDOWN_FLAGS_NOLOGFLUSH`. Perl is part of every Debian, and
/// an `ioctl` of one's own is beyond safe Rust.
const SHUT_DOWN: &str = r#"open(F, "<", $ARGV[0]) or die "open: $!"; my $flags = pack("L", 2); ioctl(F, 0x8004587d, $flags) or die "ioctl: $!""#;

/// A file system in a file.
struct Volume {
    image: PathBuf,
    mounted_at: PathBuf,
}

impl Volume {
    fn make(folder: &Path) -> Result<Self, String> {
        let (image, mounted_at) = (folder.join("image"), folder.join("mounted"));
        let file = std::fs::File::create(&image).map_err(|error| error.to_string())?;
        file.set_len(SIZE).map_err(|error| error.to_string())?;
        std::fs::create_dir(&mounted_at).map_err(|error| error.to_string())?;
        system("mkfs.ext4", &["-q".as_ref(), "-F".as_ref(), image.as_os_str()])?;
        let volume = Self { image, mounted_at };
        volume.mount()?;
        Ok(volume)
    }

    fn mount(&self) -> Result<(), String> {
        let (image, at) = (self.image.as_os_str(), self.mounted_at.as_os_str());
        system("mount", &["-o".as_ref(), "loop,commit=300".as_ref(), image, at])
    }

    fn unmount(&self) -> Result<(), String> {
        system("umount", &[self.mounted_at.as_os_str()])
    }

    fn cut_power(&self) -> Result<(), String> {
        system("perl", &["-e".as_ref(), SHUT_DOWN.as_ref(), self.mounted_at.as_os_str()])
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Where it is not mounted there is nothing to do.
        let _ = self.unmount();
    }
}

/// Why it cannot be done on this machine.
fn hindrance() -> Option<String> {
    let missing: Vec<_> = ["mkfs.ext4", "mount", "umount", "perl"].into_iter().filter(|p| !has(p)).collect();
    if !geteuid().is_root() {
        return Some("it needs root, to mount a file system".to_owned());
    }
    (!missing.is_empty()).then(|| format!("{} is missing", missing.join(", ")))
}

pub(super) fn run(setting: &Setting<'_>) -> Result<Verdict, String> {
    if let Some(hindrance) = hindrance() {
        return Ok(Verdict::NotHere(hindrance));
    }
    let probe = folder()?;
    let tried = Volume::make(probe.path()).and_then(|volume| {
        volume.cut_power()?;
        volume.unmount()?;
        volume.mount()
    });
    if let Err(error) = tried {
        return Ok(Verdict::NotHere(error));
    }
    let rounds = setting.extent.rounds(5, 1000);
    let (survived, acknowledged) = cut(setting, setting.binary, rounds)?;
    if let Some(loss) = survived.err() {
        return Err(loss);
    }
    let unsynced = seeded::binary_with(&Bug::SYNC_NORMAL)?;
    let (caught, _) = cut(setting, &unsynced, CAUGHT_WITHIN)?;
    let control = match caught {
        Err(loss) => format!("`synchronous=NORMAL`: caught, {}", loss.split(':').next().unwrap_or_default()),
        Ok(()) => {
            return Err(format!("the control `synchronous=NORMAL` was not caught in {CAUGHT_WITHIN} rounds"));
        }
    };
    let injected = format!("{rounds} cuts; {acknowledged} writes acknowledged: 0 lost, 0 damaged");
    Ok(Verdict::Survived { injected, control })
}

/// Cuts the power so many times. The inner error is what was lost; and how many writes were acknowledged.
fn cut(setting: &Setting<'_>, binary: &Path, rounds: u64) -> Result<(Result<(), String>, u64), String> {
    let folder = folder()?;
    let volume = Volume::make(folder.path())?;
    let runtime = runtime()?;
    let mut random = Random::new(setting.seed);
    let mut site = Site::found(binary, &volume.mounted_at.join("data"))?;
    let mut workload = Workload::new(random.draw(), WRITERS);
    let mut before = 0;
    for round in 1..=rounds {
        let wait = Duration::from_millis(30 + random.below(150));
        workload = match runtime.block_on(one_round(&site, &volume, workload, wait)) {
            Ok(workload) => workload,
            Err(Lost::Data(loss)) => return Ok((Err(format!("round {round}: {loss}")), before)),
            Err(Lost::Harness(error)) => return Err(format!("round {round}: {error}")),
        };
        if round % 50 == 0 {
            eprintln!("power: {round} of {rounds}");
        }
        if round % 100 == 0 {
            // The file system is finite; what was written so far is held to the whole list once more.
            if let Err(loss) = runtime.block_on(site.check(&mut workload)) {
                return Ok((Err(format!("round {round}: {loss}")), before));
            }
            before += workload.counts().acknowledged;
            std::fs::remove_dir_all(&site.data).map_err(|error| error.to_string())?;
            site = Site::found(binary, &site.data)?;
            workload = Workload::new(random.draw(), WRITERS);
        }
    }
    if workload.counts().cut_off == 0 {
        return Err("no cut ever hit a write that was under way".to_owned());
    }
    let lost = runtime.block_on(site.check(&mut workload));
    Ok((lost, before + workload.counts().acknowledged))
}

enum Lost {
    Data(String),
    Harness(String),
}

async fn one_round(
    site: &Site,
    volume: &Volume,
    workload: Workload,
    wait: Duration,
) -> Result<Workload, Lost> {
    let server = site.serve(&[]).map_err(Lost::Harness)?;
    let api = server.api(&site.token).map_err(Lost::Harness)?;
    let writing = workload.start(&api);
    tokio::time::sleep(wait).await;
    // Nobody hears an answer after the power is gone. Without this pause, a sync that is under way while the file system
    // goes down can return success for what is lost: that is a race of the simulated cut, and not one of a real one.
    server.pause();
    volume.cut_power().map_err(Lost::Harness)?;
    let killed = server.kill_9().map_err(Lost::Harness);
    let workload = writing.join().await.map_err(Lost::Harness)?;
    killed?;
    volume.unmount().and_then(|()| volume.mount()).map_err(Lost::Harness)?;
    let server = site.serve(&[]).map_err(Lost::Data)?;
    let api = server.api(&site.token).map_err(Lost::Harness)?;
    let workload = workload.read_back(&api).await.map_err(Lost::Data)?;
    server.kill_9().map_err(Lost::Harness)?;
    Ok(workload)
}
