//! What a tenant allows a plugin: never more than its manifest requests.

use serde::{Deserialize, Serialize};

use crate::manifest::Manifest;

/// Lists of what is allowed, in the manifest's words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grants {
    /// Fields of people that it may see.
    pub fields: Vec<String>,
    /// Operations that it may ask for.
    pub operations: Vec<String>,
    /// Hosts that it may send requests to.
    pub egress: Vec<String>,
    /// Secrets that it may use.
    pub secrets: Vec<String>,
}

impl Grants {
    /// Everything that a manifest asks for, each list sorted and without repetition.
    pub fn requested(manifest: &Manifest) -> Self {
        let mut all = Self::default();
        if let Some(scorer) = &manifest.scorer {
            all.fields.extend(scorer.inputs.iter().map(|input| input.name.clone()));
        }
        if let Some(campaign) = &manifest.campaign {
            all.fields.extend(campaign.fields.iter().map(|field| field.name.clone()));
            all.operations.extend(campaign.operations.iter().cloned());
        }
        if let Some(connector) = &manifest.connector {
            all.egress.extend(connector.egress.iter().cloned());
            all.secrets.extend(connector.secrets.iter().map(|secret| secret.name.clone()));
        }
        for list in [&mut all.fields, &mut all.operations, &mut all.egress, &mut all.secrets] {
            list.sort();
            list.dedup();
        }
        all
    }

    /// What `self` asks for and `granted` does not allow, written `fields: email`, in order.
    pub fn missing_from(&self, granted: &Self) -> Vec<String> {
        let lists = [
            ("fields", &self.fields, &granted.fields),
            ("operations", &self.operations, &granted.operations),
            ("egress", &self.egress, &granted.egress),
            ("secrets", &self.secrets, &granted.secrets),
        ];
        let missing = lists.into_iter().flat_map(|(name, wanted, allowed)| {
            wanted.iter().filter(|w| !allowed.contains(w)).map(move |w| format!("{name}: {w}"))
        });
        missing.collect()
    }

    /// Whether `operation` (by its contract name) may be asked for.
    pub fn allows_operation(&self, operation: &str) -> bool {
        self.operations.iter().any(|granted| granted == operation)
    }

    /// Whether the field may be seen.
    pub fn allows_field(&self, name: &str) -> bool {
        self.fields.iter().any(|granted| granted == name)
    }
}
