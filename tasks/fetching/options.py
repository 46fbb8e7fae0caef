"""How the settings have downloads made."""

from blocks.settings import Settings
from tasks.fetching.results import DownloadLimits, TransferOptions
from tasks.net.addresses import AddressPolicy
from tasks.net.retry import RetryPolicy


def transfer_options(settings: Settings, limits: DownloadLimits) -> TransferOptions:
    """How downloads within these limits are made, by the settings."""
    return TransferOptions(
        policy=AddressPolicy(allowed=settings.allowed_private_hosts),
        limits=limits,
        deadline=settings.download_timeout,
        retry=RetryPolicy(retries=settings.http_max_retries, backoff=settings.retry_backoff_base_seconds),
        cookies=settings.ytdlp_cookies_file,
        proxy=settings.ytdlp_proxy,
    )
