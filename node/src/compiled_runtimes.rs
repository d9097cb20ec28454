//! A folder in which compiled runtimes are kept from one start to the next.
//!
//! A node compiles the runtime when it starts, which takes about five seconds of processor time. wasmtime can keep the
//! result in a folder (`wasmtime-internal-cache` 36). It names an entry by a hash of the wasm, the compiler's version, its
//! target, settings and features, so that no other program or runtime takes it, and compiles anew what it cannot read.
//! But it runs an entry as machine code without a signature or a sum over it. So:
//!
//! - There is no such folder unless the node is told. Least of all is it below the base path by itself, where a snapshot
//!   of a database that others made is unpacked: that would run their code, with the node's keys.
//! - The folder must be the node's own, and writable by nobody else. One that is, is not mended: what is in it stays.
//! - It is a folder in the one that was named: wasmtime deletes what it does not know in the one that it gets, files of
//!   others among it.
//! - Whoever fears for the disk's bits leaves it out: a flipped one would not be noticed before it does harm.
//!
//! An entry has 10.9 MB (2026-11-28, the runtime of 1f84324); wasmtime deletes the oldest above 512 MiB.

use std::{
	fs, io,
	os::unix::fs::{DirBuilderExt, MetadataExt},
	path::{Path, PathBuf},
	time::{Duration, SystemTime},
};

/// The folder in the one that was named.
const OWN_FOLDER: &str = "compiled-runtimes";
/// Permissions to write for others than the owner.
const OTHERS_MAY_WRITE: u32 = 0o022;
/// A file that is being written for longer was left by a node that was killed meanwhile. wasmtime would never write that entry.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

/// Why a folder is not used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// The system refuses.
	#[error("--compiled-runtimes {0}: {1}")]
	Io(PathBuf, #[source] io::Error),
	/// Its owner could put machine code there.
	#[error(
		"--compiled-runtimes: {path} belongs to user {owner}, the node runs as user {own}. What is in it is run unchecked: \
		 name a folder of the node's own"
	)]
	BelongsToAnother {
		/// The folder.
		path: PathBuf,
		/// The folder's owner.
		owner: u32,
		/// The user that the node runs as.
		own: u32,
	},
	/// Others could put machine code there.
	#[error(
		"--compiled-runtimes: others may write to {path} (mode {mode:o}). What is in it is run unchecked, and may be theirs: \
		 remove it, or name a folder of the node's own"
	)]
	OthersMayWrite {
		/// The folder.
		path: PathBuf,
		/// Its permissions.
		mode: u32,
	},
}

/// Makes the folders that are not there, and returns the one to give to the executor.
///
/// # Errors
///
/// If others could put something there. Folders above the one that is named are not looked at.
pub fn prepare(named: &Path) -> Result<PathBuf, Error> {
	let own = rustix::process::geteuid().as_raw();
	let folder = named.join(OWN_FOLDER);
	let failed = |path: &Path| {
		let path = path.to_owned();
		move |error| Error::Io(path, error)
	};
	fs::DirBuilder::new()
		.recursive(true)
		.mode(0o700)
		.create(&folder)
		.map_err(failed(&folder))?;
	// A link instead of the inner one would be another's.
	for (path, found) in [
		(named, fs::metadata(named)),
		(&folder, fs::symlink_metadata(&folder)),
	] {
		let found = found.map_err(failed(path))?;
		let mode = found.mode() & 0o7777;
		if found.uid() != own {
			return Err(Error::BelongsToAnother {
				path: path.to_owned(),
				owner: found.uid(),
				own,
			});
		}
		if mode & OTHERS_MAY_WRITE != 0 {
			return Err(Error::OthersMayWrite {
				path: path.to_owned(),
				mode,
			});
		}
	}
	let folder = fs::canonicalize(&folder).map_err(failed(&folder))?;
	if let Err(error) = remove_left_behind(&folder) {
		log::warn!("--compiled-runtimes {}: {error}", folder.display());
	}
	Ok(folder)
}

/// Removes what was being written when a node was killed, in `modules/COMPILER/`.
fn remove_left_behind(folder: &Path) -> io::Result<()> {
	let modules = match fs::read_dir(folder.join("modules")) {
		Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
		modules => modules?,
	};
	for compiler in modules {
		for entry in fs::read_dir(compiler?.path())? {
			let entry = entry?;
			let is_unfinished = entry.path().extension().is_some_and(|ending| {
				ending
					.to_str()
					.is_some_and(|ending| ending.starts_with("wip-"))
			});
			if !is_unfinished {
				continue;
			}
			// Another node may finish it meanwhile.
			let Ok(found) = entry.metadata() else {
				continue;
			};
			let age = SystemTime::now().duration_since(found.modified()?);
			if age.is_ok_and(|age| age > LEFT_BEHIND) {
				fs::remove_file(entry.path())?;
			}
		}
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::os::unix::fs::PermissionsExt;

	fn mode(path: &Path) -> u32 {
		fs::metadata(path).unwrap().mode() & 0o777
	}

	#[test]
	fn a_folder_should_be_made_that_only_the_nodes_user_can_read_and_write() {
		let base = tempfile::tempdir().unwrap();
		let named = base.path().join("a/b");
		let folder = prepare(&named).unwrap();
		assert!(folder.is_absolute() && folder.ends_with("a/b/compiled-runtimes"));
		assert_eq!((mode(&named), mode(&folder)), (0o700, 0o700));
		// Again, as at the next start.
		assert_eq!(prepare(&named).unwrap(), folder);
	}

	#[test]
	fn a_folder_to_which_others_may_write_should_be_refused() {
		let base = tempfile::tempdir().unwrap();
		let folder = prepare(base.path()).unwrap();
		for path in [base.path(), &folder] {
			for others in [0o720, 0o702] {
				fs::set_permissions(path, fs::Permissions::from_mode(others)).unwrap();
				let error = prepare(base.path()).unwrap_err();
				assert!(matches!(error, Error::OthersMayWrite { .. }), "{error}");
				assert!(error.to_string().contains("remove it"), "{error}");
			}
			fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
			assert!(prepare(base.path()).is_ok());
		}
	}

	#[test]
	fn a_link_in_place_of_the_folder_should_be_refused() {
		let (base, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		std::os::unix::fs::symlink(other.path(), base.path().join(OWN_FOLDER)).unwrap();
		assert!(prepare(base.path()).is_err());
	}

	#[test]
	fn a_folder_of_another_user_should_be_refused() {
		// Only root can make one; others look at a folder of root's.
		let base = tempfile::tempdir().unwrap();
		prepare(base.path()).unwrap();
		let other = 65_534;
		if std::os::unix::fs::chown(base.path(), Some(other), None).is_ok() {
			let error = prepare(base.path()).unwrap_err();
			assert!(
				matches!(error, Error::BelongsToAnother { owner, .. } if owner == other),
				"{error}"
			);
		} else {
			println!("not root: a folder of another user cannot be made");
		}
	}

	#[test]
	fn a_file_should_be_refused() {
		let file = tempfile::NamedTempFile::new().unwrap();
		assert!(matches!(prepare(file.path()), Err(Error::Io(..))));
	}

	#[test]
	fn what_a_killed_node_was_writing_should_be_removed_and_nothing_else() {
		let base = tempfile::tempdir().unwrap();
		let folder = prepare(base.path()).unwrap();
		let modules = folder.join("modules/wasmtime-");
		fs::create_dir_all(&modules).unwrap();
		let make = |name: &str, age: Duration| {
			let path = modules.join(name);
			let file = fs::File::create(&path).unwrap();
			file.set_modified(SystemTime::now() - age).unwrap();
			path
		};
		let (old, new) = (LEFT_BEHIND * 2, Duration::ZERO);
		let entry = make("entry", old);
		let statistics = make("entry.stats", old);
		let unfinished = make("other.wip-atomic-write-mod", new);
		let left = make("entry.wip-atomic-write-mod", old);
		prepare(base.path()).unwrap();
		assert!(entry.exists() && statistics.exists() && unfinished.exists());
		assert!(!left.exists());
	}

	/// The entries in the folder, which are files without an ending.
	fn entries(folder: &Path) -> Vec<PathBuf> {
		let compilers = fs::read_dir(folder.join("modules")).unwrap();
		compilers
			.flat_map(|compiler| fs::read_dir(compiler.unwrap().path()).unwrap())
			.map(|file| file.unwrap().path())
			.filter(|path| path.extension().is_none())
			.collect()
	}

	#[test]
	#[ignore = "by hand: compiles the runtime four times"]
	fn what_is_kept_should_save_compiling_and_what_is_damaged_should_be_compiled_anew() {
		use crate::{chain_spec, client::HostFunctions, genesis};
		use sc_executor::WasmExecutor;

		let base = tempfile::tempdir().unwrap();
		let folder = prepare(base.path()).unwrap();
		let spec = chain_spec::development().unwrap();
		// A new executor each time, as in a node that starts; the time until it has answered.
		let start = || {
			let builder = WasmExecutor::<HostFunctions>::builder().with_cache_path(&folder);
			let began = std::time::Instant::now();
			let state = genesis::storage(&spec, &builder.build()).unwrap();
			(began.elapsed(), state.top)
		};
		let (compiled, state) = start();
		let kept = entries(&folder);
		assert_eq!(kept.len(), 1);
		let bytes = fs::read(&kept[0]).unwrap();
		let (again, same) = start();
		println!(
			"compiled: {compiled:?}, kept: {again:?}, {} bytes, mode {:o}",
			bytes.len(),
			mode(&kept[0])
		);
		assert!(same == state && entries(&folder) == kept);
		assert!(again * 3 < compiled);

		let mut without_header = bytes.clone();
		without_header[..16].fill(0);
		for damaged in [&[][..], &bytes[..bytes.len() / 2], &without_header] {
			fs::write(&kept[0], damaged).unwrap();
			let (anew, same) = start();
			println!("{} bytes are left: {anew:?}", damaged.len());
			assert!(same == state);
			assert!(fs::read(&kept[0]).unwrap() == bytes);
		}
	}
}
