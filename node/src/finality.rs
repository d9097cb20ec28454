//! What this node tells the runtime of finality when it makes a block.
//!
//! The report stops the service clock while finality lags (`pallet-network-parameters`, module
//! `finality`). To an imported block it says nothing: the runtime checks no report against the
//! importer's own view.

use inference_primitives::{BlockNumber, FINALITY_INHERENT_IDENTIFIER};
use sp_inherents::{Error, InherentData, InherentDataProvider, InherentIdentifier};

/// The number of the latest block that this node has seen finalised.
pub struct FinalityReport(pub BlockNumber);

#[async_trait::async_trait]
impl InherentDataProvider for FinalityReport {
	async fn provide_inherent_data(&self, data: &mut InherentData) -> Result<(), Error> {
		data.put_data(FINALITY_INHERENT_IDENTIFIER, &self.0)
	}

	async fn try_handle_error(
		&self,
		_: &InherentIdentifier,
		_: &[u8],
	) -> Option<Result<(), Error>> {
		// The runtime finds no report wrong.
		None
	}
}
