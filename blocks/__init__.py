"""Settings, and what Prefect saves as blocks: media stores, text models, remote services, endpoints."""
