"""The mesh of a rollout: what stands in its cluster, what is written there, what its traffic says."""
