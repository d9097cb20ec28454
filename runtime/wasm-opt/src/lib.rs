//! What `substrate-wasm-builder` asks of Binaryen's `wasm-opt`, without Binaryen.
//!
//! The builder (version 35) runs two passes over the runtime's module, at optimisation level 0:
//! it strips DWARF and lowers sign extensions to WebAssembly's first version. For that it compiles
//! 200 files of C++, eight core-minutes of every build from nothing. rustc's target
//! `wasm32v1-none` has no sign extensions to lower in the first place, so this crate, which stands
//! in its place through `[patch.crates-io]`, copies the module without its debug sections and
//! **refuses** a module that would have needed more: it never passes on what it has not checked.
//! docs/decisions/0015 has the measurements.
//!
//! Called by: `substrate-wasm-builder`, from the runtime's build script, and nobody else. It has
//! those parts of `wasm-opt` 0.116's interface that the builder names.
//!
//! Invariants: a module that is written is valid WebAssembly 1.0 with mutable globals, as the
//! node's executor runs it; all its sections but those named `.debug…` are those of the input, byte
//! for byte; nothing is written if anything is refused.

#![forbid(unsafe_code)]

use std::{fs, io, path::Path};
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

/// Custom sections with DWARF start with this.
const DEBUG_PREFIX: &str = ".debug";
/// Bytes of magic number and version before the first section.
const HEADER_BYTES: usize = 8;

/// A change that a module is put through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pass {
	/// Drop the sections with DWARF.
	StripDwarf,
	/// Replace the sign extensions of later versions of WebAssembly. A module that has one is refused.
	SignextLowering,
}

/// Why a module was not written.
#[derive(Debug, thiserror::Error)]
pub enum OptimizationError {
	/// A file could not be read or written.
	#[error("{path}: {source}")]
	File {
		/// Which.
		path: String,
		/// Why.
		source: io::Error,
	},
	/// The module is none, or needs more than WebAssembly 1.0 with mutable globals.
	#[error(
		"{path} is no module of WebAssembly 1.0 with mutable globals: {source}. Build the runtime for \
		 wasm32v1-none (scripts/setup installs it), without -C target-feature; this build's wasm-opt \
		 lowers nothing (docs/decisions/0015)"
	)]
	NotLowered {
		/// The module's file.
		path: String,
		/// What is wrong, and at which byte.
		source: wasmparser::BinaryReaderError,
	},
	/// A level or feature was asked for that this crate does not have.
	#[error("{0} is not built in: this wasm-opt strips debug sections only (docs/decisions/0015)")]
	NotBuiltIn(&'static str),
}

/// What to do with a module.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OptimizationOptions {
	strip_debug: bool,
	drop_names: bool,
}

impl OptimizationOptions {
	/// No optimisation.
	pub fn new_opt_level_0() -> Self {
		Self::default()
	}

	/// Refuse what WebAssembly's first version does not have. This crate always does.
	pub fn mvp_features_only(&mut self) -> &mut Self {
		self
	}

	/// Whether functions keep their names; without them [`Self::run`] fails.
	pub fn debug_info(&mut self, keep: bool) -> &mut Self {
		self.drop_names = !keep;
		self
	}

	/// Adds a pass.
	pub fn add_pass(&mut self, pass: Pass) -> &mut Self {
		match pass {
			Pass::StripDwarf => self.strip_debug = true,
			// Every run checks that there is nothing to lower.
			Pass::SignextLowering => {},
		}
		self
	}

	/// Reads the module `input`, checks it, and writes it to `output`, which may be the same file.
	///
	/// # Errors
	///
	/// See [`OptimizationError`]; `output` is as it was then, unless writing itself failed.
	pub fn run(
		&self,
		input: impl AsRef<Path>,
		output: impl AsRef<Path>,
	) -> Result<(), OptimizationError> {
		if self.drop_names {
			return Err(OptimizationError::NotBuiltIn("dropping functions' names"));
		}
		let (input, output) = (input.as_ref(), output.as_ref());
		let file = |path: &Path, source| OptimizationError::File {
			path: path.display().to_string(),
			source,
		};
		let module = fs::read(input).map_err(|source| file(input, source))?;
		let module =
			lowered(&module, self.strip_debug).map_err(|source| OptimizationError::NotLowered {
				path: input.display().to_string(),
				source,
			})?;
		fs::write(output, module).map_err(|source| file(output, source))
	}
}

/// The checked module, without debug sections if `strip_debug`.
fn lowered(module: &[u8], strip_debug: bool) -> Result<Vec<u8>, wasmparser::BinaryReaderError> {
	Validator::new_with_features(WasmFeatures::WASM1).validate_all(module)?;
	let mut kept = module.get(..HEADER_BYTES).unwrap_or_default().to_vec();
	// Sections lie one after the other: each begins, with its number and length, where the one before ends.
	let mut begin = HEADER_BYTES;
	for payload in Parser::new(0).parse_all(module) {
		let payload = payload?;
		let Some((_, content)) = payload.as_section() else {
			continue;
		};
		let is_debug = matches!(&payload, Payload::CustomSection(section)
			if section.name().starts_with(DEBUG_PREFIX));
		if !(strip_debug && is_debug) {
			kept.extend_from_slice(module.get(begin..content.end).unwrap_or_default());
		}
		begin = content.end;
	}
	Ok(kept)
}

#[cfg(test)]
mod tests {
	use super::*;

	/// A section: number, length, content.
	fn section(number: u8, content: &[u8]) -> Vec<u8> {
		[&[number, content.len() as u8], content].concat()
	}

	fn custom(name: &str, data: &[u8]) -> Vec<u8> {
		section(0, &[&[name.len() as u8], name.as_bytes(), data].concat())
	}

	/// A module with a function from i32 to i32 that runs `body`, between custom sections.
	fn module(body: &[u8]) -> Vec<Vec<u8>> {
		let code = [&[1, body.len() as u8 + 2, 0], body, &[0x0b]].concat();
		vec![
			b"\0asm\x01\0\0\0".to_vec(),
			section(1, &[1, 0x60, 1, 0x7f, 1, 0x7f]),
			section(3, &[1, 0]),
			custom(".debug_info", &[1, 2, 3]),
			section(10, &code),
			custom("runtime_version", &[4, 5]),
			custom(".debug_str", &[]),
			custom("name", &[]),
		]
	}

	/// `local.get 0`.
	const IDENTITY: &[u8] = &[0x20, 0];

	/// Runs the passes that the builder asks for in a release build.
	fn compact(module: &[u8]) -> Result<Vec<u8>, OptimizationError> {
		let folder = tempfile::tempdir().unwrap();
		let [input, output] = ["in.wasm", "out.wasm"].map(|name| folder.path().join(name));
		fs::write(&input, module).unwrap();
		let result = OptimizationOptions::new_opt_level_0()
			.mvp_features_only()
			.debug_info(true)
			.add_pass(Pass::StripDwarf)
			.add_pass(Pass::SignextLowering)
			.run(&input, &output);
		assert_eq!(result.is_ok(), output.exists());
		result.map(|()| fs::read(output).unwrap())
	}

	#[test]
	fn all_sections_but_debug_ones_are_kept_byte_for_byte() {
		let sections = module(IDENTITY);
		let kept: Vec<u8> = [0, 1, 2, 4, 5, 7]
			.iter()
			.flat_map(|i| sections[*i].clone())
			.collect();
		assert_eq!(compact(&sections.concat()).unwrap(), kept);
	}

	#[test]
	fn without_the_pass_debug_sections_stay_and_a_file_may_be_written_over_itself() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("module.wasm");
		let whole = module(IDENTITY).concat();
		fs::write(&file, &whole).unwrap();
		OptimizationOptions::new_opt_level_0()
			.add_pass(Pass::SignextLowering)
			.debug_info(true)
			.run(&file, &file)
			.unwrap();
		assert_eq!(fs::read(file).unwrap(), whole);
	}

	#[test]
	fn what_would_have_to_be_lowered_is_refused_with_what_to_do() {
		let later: [&[u8]; 4] = [
			// i32.extend8_s, i32.extend16_s, i32.trunc_sat_f32_s of a constant, memory.fill.
			&[0x20, 0, 0xc0],
			&[0x20, 0, 0xc1],
			&[0x43, 0, 0, 0, 0, 0xfc, 0],
			&[0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0, 0x20, 0],
		];
		for body in later {
			let error = compact(&module(body).concat()).unwrap_err();
			assert!(matches!(error, OptimizationError::NotLowered { .. }));
			assert!(error.to_string().contains("wasm32v1-none"), "{error}");
		}
	}

	#[test]
	fn what_is_no_module_is_refused() {
		let whole = module(IDENTITY).concat();
		assert!(compact(&[]).is_err());
		assert!(compact(b"no module at all").is_err());
		for end in 1..whole.len() {
			// Cut between two sections it is a module again, if no function lacks its code.
			if let Ok(shorter) = compact(&whole[..end]) {
				assert!(shorter.len() <= end);
			}
		}
		// A body that leaves nothing on the stack.
		assert!(compact(&module(&[]).concat()).is_err());
	}

	#[test]
	fn what_is_not_built_in_is_refused() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("module.wasm");
		fs::write(&file, module(IDENTITY).concat()).unwrap();
		let result = OptimizationOptions::new_opt_level_0()
			.debug_info(false)
			.run(&file, &file);
		assert!(matches!(result, Err(OptimizationError::NotBuiltIn(_))));
		let missing = OptimizationOptions::new_opt_level_0()
			.run(folder.path().join("missing.wasm"), &file)
			.unwrap_err();
		assert!(missing.to_string().contains("missing.wasm"));
	}
}
