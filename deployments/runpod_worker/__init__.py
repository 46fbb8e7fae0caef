"""The worker of a serverless endpoint on RunPod, which makes shards of img2vid."""
