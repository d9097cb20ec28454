//! halo2's `ParamsKZG`, as `write_custom` writes it: k (4 bytes, little-endian), 2^k powers, the Lagrange basis, G2,
//! \[s\]G2. `RawBytes` and `Processed` differ in the points alone, and nothing in the file but its length tells which.

use super::{Encoding, Form, LagrangeBases, Point, SetupFileError, MAX_K};
use halo2curves::bn256::{G1Affine, G2Affine};

/// Bytes of k.
const HEADER: u64 = 4;

/// What the file of `length` bytes that begins with `k` has.
pub(super) fn form(k: u32, length: u64) -> Result<Form, SetupFileError> {
	let k = match u8::try_from(k) {
		// What begins with a large number is no such file.
		Err(_) => return Err(SetupFileError::Unknown),
		Ok(got) if !(1..=MAX_K).contains(&got) => return Err(SetupFileError::Rows { got: k }),
		Ok(k) => k,
	};
	let basis = |encoding| (G1Affine::size(encoding) as u64) << k;
	let total = |encoding| HEADER + 2 * basis(encoding) + 2 * G2Affine::size(encoding) as u64;
	let (raw, processed) = (total(Encoding::Raw), total(Encoding::Compressed));
	let (encoding, format) = if length == raw {
		(Encoding::Raw, "halo2 parameters, RawBytes")
	} else if length == processed {
		(Encoding::Compressed, "halo2 parameters, Processed")
	} else {
		return Err(SetupFileError::ParamsLength {
			k,
			raw,
			processed,
			got: length,
		});
	};
	Ok(Form {
		format,
		encoding,
		k,
		at: HEADER,
		count: 1 << k,
		bases: LagrangeBases::Greatest(HEADER + basis(encoding)),
		g2: HEADER + 2 * basis(encoding),
	})
}
