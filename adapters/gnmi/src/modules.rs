//! The models a target lists. gNMI has no words for a model's text.

use std::time::Duration;

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{Lost, ModuleList, ModuleSource, Refusal, YangModule};
use mercury_gnmi_proto::gnmi::CapabilityResponse;

/// What Capabilities told.
pub(crate) struct Models(ModuleList);

impl Models {
    /// A target that does not know the call tells of no model.
    pub(crate) fn of(announced: Option<&CapabilityResponse>) -> Self {
        let models = announced.map_or(&[][..], |announced| &announced.supported_models);
        let mut modules: Vec<YangModule> = models
            .iter()
            .map(|model| YangModule {
                name: model.name.clone(),
                revision: Some(model.version.clone()).filter(|version| !version.is_empty()),
                ..YangModule::default()
            })
            .collect();
        modules.sort_by(|one, other| (&one.name, &one.revision).cmp(&(&other.name, &other.revision)));
        modules.dedup();
        let untold = Some("gNMI lists models and gives no text of any".to_owned());
        Self(ModuleList { modules, told_by: vec!["Capabilities"], untold })
    }
}

impl ModuleSource for Models {
    fn list(&mut self, _: Duration) -> BoxFuture<'_, Result<ModuleList, Lost>> {
        let listed = self.0.clone();
        async { Ok(listed) }.boxed()
    }

    fn texts<'a>(
        &'a mut self,
        modules: &'a [YangModule],
        _: Duration,
    ) -> BoxFuture<'a, Result<Vec<Result<String, Refusal>>, Lost>> {
        let untold = || Err(Refusal::Unknown(self.0.untold.clone().unwrap_or_default()));
        let all = modules.iter().map(|_| untold()).collect();
        async { Ok(all) }.boxed()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        async {}.boxed()
    }
}
