"""What stands in front of Prefect's server: who may call, what may be written, who is answered first."""
